import { command, contract, event, page, pageInput, query, t } from '@anarq/common-schemas';

/** Bytes of every part but the last: one part is one sealed chunk. */
export const PART_BYTES = 1_048_576;
/** The largest file: 1 TiB. */
export const FILE_BYTES_MAX = 2 ** 40;
/** Uploads that one owner may have open at a time. */
export const OPEN_UPLOADS_MAX = 100;

const EXAMPLE_CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
const EXAMPLE_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const fileName = () =>
  t.string({
    minLength: 1,
    maxLength: 255,
    sensitive: 'personal',
    description: 'A plain file name: one path segment, Unicode in NFC, at most 255 bytes of UTF-8.',
  });
const mediaType = () =>
  t.string({
    maxLength: 127,
    pattern: '^[A-Za-z0-9!#$&^_.+-]{1,63}/[A-Za-z0-9!#$&^_.+-]{1,63}$',
    description: 'Media type without parameters (RFC 6838), e.g. text/csv.',
  });
const sha256Hex = (description: string) =>
  t.string({ maxLength: 64, pattern: '^[0-9a-f]{64}$', description });
const byteCount = (description: string) =>
  t.integer({ minimum: 0, maximum: FILE_BYTES_MAX, description });
const metadata = () =>
  t.map(t.string({ maxLength: 1_024 }), { maxEntries: 32, sensitive: 'personal' });

export const File = t.named(
  'File',
  t.object({
    fileId: t.id(),
    owner: t.did(),
    name: fileName(),
    mediaType: mediaType(),
    bytes: byteCount('Length of the content.'),
    cid: t.cid({ description: 'UnixFS root CID of the plain content (1 MiB raw leaves).' }),
    sha256Hex: sha256Hex('SHA-256 of the plain content.'),
    metadata: metadata(),
    version: t.integer({ minimum: 1, description: 'Grows with each change of name or metadata.' }),
    createdAt: t.instant(),
    updatedAt: t.instant(),
  }),
);

export const Upload = t.named(
  'Upload',
  t.object({
    uploadId: t.id(),
    state: t.enum(['OPEN', 'COMPLETED', 'ABORTED', 'EXPIRED']),
    bytes: byteCount('Length announced.'),
    partBytes: t.integer({ minimum: 1, description: 'Bytes of every part but the last.' }),
    parts: t.integer({ minimum: 0, description: 'How many parts there are; indexes from 0.' }),
    received: t.integer({ minimum: 0, description: 'How many of them are stored durably.' }),
    missing: t.array(t.integer({ minimum: 0 }), {
      maxItems: 50,
      description: 'Indexes still to send, the first 50.',
    }),
    expiresAt: t.instant(),
    ticket: t.optional(t.string({ sensitive: 'secret', description: 'While the upload is open.' })),
    url: t.optional(t.string({ sensitive: 'secret', description: 'Where parts are sent.' })),
    fileId: t.optional(t.id({ description: 'The file, once the upload is completed.' })),
  }),
);

export const qdrive = contract({
  name: 'qdrive',
  version: '1.0.0',
  title: 'Files',
  purpose: 'Files of any size: uploaded in resumable parts, sealed at rest, fetched by range.',
  operations: {
    begin: command({
      summary: 'Begin an upload and get the ticket by which its parts are sent.',
      http: 'POST /uploads',
      mcp: { tool: 'qdrive.put', destructive: false },
      scope: 'qdrive/put',
      input: t.object({
        name: fileName(),
        bytes: byteCount('Exact length of the content; 1 TiB at most.'),
        mediaType: mediaType(),
        sha256Hex: t.optional(
          sha256Hex('SHA-256 of the whole content, where it is known already.'),
        ),
        metadata: t.optional(metadata()),
      }),
      output: t.object({
        uploadId: t.id(),
        ticket: t.string({ sensitive: 'secret' }),
        url: t.string({ sensitive: 'secret', description: 'Parts go to <url>/<index>, by PUT.' }),
        partBytes: t.integer({ minimum: 1 }),
        parts: t.integer({ minimum: 0 }),
        expiresAt: t.instant(),
      }),
      errors: ['FILE_NAME_REFUSED'],
      examples: [
        {
          summary: 'A table of 2.5 MiB: three parts',
          input: { name: 'harvest-2025.csv', bytes: 2_621_440, mediaType: 'text/csv' },
        },
      ],
    }),

    upload: query({
      summary:
        'See which parts of an upload are stored and which are missing; get its ticket again.',
      http: 'GET /uploads/{uploadId}',
      resource: 'upload/{uploadId}',
      scope: 'qdrive/put',
      input: t.object({ uploadId: t.id() }),
      output: Upload,
      examples: [{ summary: 'After a broken connection', input: { uploadId: 'upload_01' } }],
    }),

    complete: command({
      summary: 'Make a file of an upload, once every part is stored and digest and length agree.',
      http: 'POST /uploads/{uploadId}/complete',
      mcp: { tool: 'qdrive.complete', destructive: false },
      resource: 'upload/{uploadId}',
      scope: 'qdrive/put',
      input: t.object({
        uploadId: t.id(),
        cid: t.cid({ description: 'UnixFS root CID of the content.' }),
        bytes: byteCount('Length of the content.'),
        sha256Hex: sha256Hex('SHA-256 of the content.'),
      }),
      output: File,
      errors: [
        'UPLOAD_INCOMPLETE',
        'CONTENT_DIGEST_MISMATCH',
        'STATE_CONFLICT',
        'CALL_IN_PROGRESS',
      ],
      emits: ['q.qdrive.file.created.v1'],
      limits: { timeout_ms: 120_000 },
      slo: { latency_ms_p50: 500, latency_ms_p95: 5_000, latency_ms_p99: 30_000 },
      examples: [
        {
          summary: 'All parts were sent',
          input: { uploadId: 'upload_01', cid: EXAMPLE_CID, bytes: 0, sha256Hex: EXAMPLE_SHA256 },
        },
      ],
    }),

    abort: command({
      summary: 'Give an upload up; what was sent of it is deleted.',
      http: 'POST /uploads/{uploadId}/abort',
      resource: 'upload/{uploadId}',
      scope: 'qdrive/put',
      input: t.object({ uploadId: t.id() }),
      output: Upload,
      errors: ['STATE_CONFLICT'],
      examples: [{ summary: 'Changed my mind', input: { uploadId: 'upload_01' } }],
    }),

    file: query({
      summary: 'Read what is known of a file.',
      http: 'GET /files/{fileId}',
      resource: 'file/{fileId}',
      scope: 'qdrive/get',
      personal: true,
      input: t.object({ fileId: t.id() }),
      output: File,
      examples: [{ summary: 'One file', input: { fileId: 'file_01' } }],
    }),

    files: query({
      summary: 'List your files and those that grants open for you.',
      http: 'GET /files',
      scope: 'qdrive/get',
      input: t.object({ ...pageInput }),
      output: page(File),
      examples: [{ summary: 'The first ten', input: { limit: 10 } }],
    }),

    get: query({
      summary: 'Get a ticket, good for five minutes, by which the content is fetched, with ranges.',
      http: 'GET /files/{fileId}/ticket',
      mcp: { tool: 'qdrive.get' },
      resource: 'file/{fileId}',
      scope: 'qdrive/get',
      personal: true,
      input: t.object({
        fileId: t.id(),
        form: t.optional(
          t.enum(['plain', 'sealed'], {
            description: 'plain: opened by the node. sealed: as stored, with the key to open it.',
          }),
        ),
      }),
      output: t.object({
        fileId: t.id(),
        form: t.enum(['plain', 'sealed']),
        ticket: t.string({ sensitive: 'secret' }),
        url: t.string({ sensitive: 'secret', description: 'Fetch by GET; HEAD and Range work.' }),
        expiresAt: t.instant(),
        name: fileName(),
        mediaType: mediaType(),
        bytes: byteCount('Length of the plain content.'),
        sha256Hex: sha256Hex('SHA-256 of the plain content.'),
        cid: t.cid(),
        chunkBytes: t.integer({
          minimum: 1,
          description: 'Plain bytes of every chunk but the last.',
        }),
        sealedBytes: t.optional(
          t.integer({ minimum: 0, description: 'Length of the sealed form.' }),
        ),
        key: t.optional(
          t.bytes({
            maxBytes: 32,
            sensitive: 'secret',
            description: 'AES-256-GCM key of the file.',
          }),
        ),
      }),
      examples: [
        { summary: 'Opened by the node', input: { fileId: 'file_01' } },
        { summary: 'Sealed, with its key', input: { fileId: 'file_01', form: 'sealed' } },
      ],
    }),

    remove: command({
      summary: 'Delete a file: its key at once, its blocks after it.',
      http: 'DELETE /files/{fileId}',
      resource: 'file/{fileId}',
      scope: 'qdrive/remove',
      input: t.object({ fileId: t.id() }),
      output: t.object({ fileId: t.id(), bytes: byteCount('Length of what was deleted.') }),
      emits: ['q.qdrive.file.removed.v1'],
      examples: [{ summary: 'No longer needed', input: { fileId: 'file_01' } }],
    }),

    setMetadata: command({
      summary: 'Change name, media type or metadata of a file; its content never changes.',
      http: 'PATCH /files/{fileId}',
      mcp: { tool: 'qdrive.setMetadata', destructive: false },
      resource: 'file/{fileId}',
      scope: 'qdrive/set',
      input: t.object({
        fileId: t.id(),
        name: t.optional(fileName()),
        mediaType: t.optional(mediaType()),
        metadata: t.optional(metadata()),
        expectVersion: t.optional(
          t.integer({ minimum: 1, description: 'Refuse where the file has another version.' }),
        ),
      }),
      output: File,
      errors: ['FILE_NAME_REFUSED'],
      examples: [
        { summary: 'A new name', input: { fileId: 'file_01', name: 'harvest-2025-final.csv' } },
      ],
    }),

    sweep: command({
      summary:
        'Delete blocks that expired uploads and deleted files left, a bounded number a call.',
      http: 'POST /sweep',
      mcp: false,
      access: 'tenant',
      scope: 'qdrive/sweep',
      input: t.object({}),
      output: t.object({
        blocks: t.integer({ minimum: 0, description: 'Blocks deleted by this call.' }),
        more: t.boolean({ description: 'There may be more; call again.' }),
      }),
      limits: { perMinute: 120, timeout_ms: 60_000 },
      examples: [{ summary: 'After a large deletion', input: {} }],
    }),
  },
  events: {
    'q.qdrive.file.created.v1': event({
      summary: 'A file was uploaded completely and checked.',
      subject: 'fileId',
      schema: t.object({
        fileId: t.id(),
        owner: t.did(),
        cid: t.cid(),
        bytes: t.integer({ minimum: 0 }),
        mediaType: mediaType(),
      }),
    }),
    'q.qdrive.file.removed.v1': event({
      summary: 'A file was deleted.',
      subject: 'fileId',
      schema: t.object({ fileId: t.id(), owner: t.did() }),
    }),
  },
  policies: {
    retention: { upload: { period: 'P30D', atEnd: 'DELETE' } },
    pinning: {
      file: { strategy: 'PERMANENT', replicationFactor: 1, accessPattern: 'HOT' },
      upload: { strategy: 'TEMPORARY', replicationFactor: 1, accessPattern: 'WARM' },
    },
  },
});
