import {
  command,
  contract,
  event,
  IndexRecord,
  page,
  pageInput,
  query,
  t,
} from '@anarq/common-schemas';

/** Characters of the text that one record may be found by. */
export const TEXT_CHARS_MAX = 32_768;
/** Entries of its history that a pointer carries along; `history` has all of them. */
export const POINTER_HISTORY_MAX = 20;

const EXAMPLE_CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';

const typeName = () =>
  t.string({
    minLength: 1,
    maxLength: 64,
    pattern: '^[a-z][a-z0-9]*(/[a-z][a-z0-9-]*)*$',
    description: 'What kind of record it is, e.g. dataset or qmarket/listing.',
  });
const key = () =>
  t.string({
    minLength: 1,
    maxLength: 512,
    description: 'Name of the record, unique for its owner and type. Searchable.',
  });
const tag = () => t.string({ minLength: 1, maxLength: 64 });
const visibility = () =>
  t.enum(['owner', 'tenant'], {
    description: 'owner: the owner and holders of grants. tenant: every identity of the tenant.',
  });
const metadata = () => t.map(t.string({ maxLength: 256 }), { maxEntries: 16 });
const expectVersion = (description: string) => t.integer({ minimum: 0, description });

export const IndexEntry = t.named(
  'IndexEntry',
  t.object({
    recordId: t.id({ description: 'The same for every version of owner, type and key.' }),
    owner: t.did(),
    visibility: visibility(),
    record: IndexRecord,
  }),
);

export const HistoryEntry = t.named(
  'HistoryEntry',
  t.object({
    change: t.enum(['PUT', 'REMOVED']),
    record: IndexRecord,
  }),
);

export const Pointer = t.named(
  'Pointer',
  t.object({
    recordId: t.id({ description: 'The record that holds the pointer; history takes it.' }),
    owner: t.did(),
    key: key(),
    currentCid: t.cid(),
    version: t.integer({ minimum: 1 }),
    history: t.array(IndexRecord, {
      maxItems: POINTER_HISTORY_MAX,
      description: 'What it pointed to, newest first; at most the last 20.',
    }),
    metadata: metadata(),
    lastUpdated: t.instant(),
  }),
);

const change = t.object({
  recordId: t.id(),
  owner: t.did(),
  type: typeName(),
  cid: t.cid(),
  version: t.integer({ minimum: 1 }),
});

export const qindex = contract({
  name: 'qindex',
  version: '1.0.0',
  title: 'Index',
  purpose: 'Records that point to content, pointers that move, their history, and full text.',
  operations: {
    put: command({
      summary: 'Write a record under its type and key: the first version, or the next one.',
      http: 'POST /records',
      mcp: { tool: 'qindex.put', destructive: false },
      scope: 'qindex/put',
      fallback: { strategy: 'QUEUE', within_ms: 3_600_000 },
      input: t.object({
        type: typeName(),
        key: key(),
        cid: t.cid({ description: 'Content that the record points to.' }),
        tags: t.array(tag(), { maxItems: 32 }),
        text: t.optional(
          t.string({
            maxLength: TEXT_CHARS_MAX,
            description:
              'Words to be found by. Kept in plain text by the node, unlike content: leave out what nobody may read there. Replaces the text of the version before.',
          }),
        ),
        visibility: t.optional(visibility()),
        expectVersion: t.optional(
          expectVersion('Write only if the record has this version; 0: only if there is none.'),
        ),
      }),
      output: IndexEntry,
      emits: ['q.qindex.record.created.v1', 'q.qindex.record.updated.v1'],
      examples: [
        {
          summary: 'A data set that the whole tenant may find',
          input: {
            type: 'dataset',
            key: 'harvest/2025',
            cid: EXAMPLE_CID,
            tags: ['farming', 'csv'],
            text: 'Harvest of 2025 by field and week',
            visibility: 'tenant',
          },
        },
      ],
    }),

    get: query({
      summary: 'Read one record that you may see.',
      http: 'GET /records/{recordId}',
      mcp: { tool: 'qindex.get' },
      access: 'tenant',
      scope: 'qindex/get',
      fallback: { strategy: 'CACHE', age_ms: 60_000 },
      input: t.object({ recordId: t.id() }),
      output: IndexEntry,
      examples: [{ summary: 'By its id', input: { recordId: 'rec_01' } }],
    }),

    list: query({
      summary: 'List the records that you may see, by type and key.',
      http: 'GET /records',
      mcp: { tool: 'qindex.list' },
      access: 'tenant',
      scope: 'qindex/get',
      fallback: { strategy: 'CACHE', age_ms: 60_000 },
      input: t.object({
        type: t.optional(typeName()),
        key: t.optional(key()),
        keyPrefix: t.optional(t.string({ minLength: 1, maxLength: 512 })),
        tag: t.optional(tag()),
        owner: t.optional(t.did()),
        ...pageInput,
      }),
      output: page(IndexEntry),
      examples: [
        { summary: 'Data sets below a path', input: { type: 'dataset', keyPrefix: 'harvest/' } },
      ],
    }),

    search: query({
      summary: 'Find records by words of their text, key and tags; the best match first.',
      http: 'GET /search',
      essential: false,
      access: 'tenant',
      scope: 'qindex/get',
      limits: { perMinute: 300 },
      fallback: { strategy: 'CACHE', age_ms: 60_000 },
      input: t.object({
        query: t.string({
          minLength: 1,
          maxLength: 256,
          description:
            'Words that must all occur, in any order, the first 8 of them; accents and case do not matter, and the last may be the beginning of a word, from three characters on.',
        }),
        type: t.optional(typeName()),
        owner: t.optional(t.did({ description: 'Only records of this owner.' })),
        ...pageInput,
      }),
      output: page(IndexEntry),
      slo: { latency_ms_p50: 20, latency_ms_p95: 100, latency_ms_p99: 200 },
      examples: [{ summary: 'Two words', input: { query: 'harvest 2025', type: 'dataset' } }],
    }),

    history: query({
      summary: 'Read every version of a record, newest first.',
      http: 'GET /records/{recordId}/history',
      resource: 'record/{recordId}',
      scope: 'qindex/get',
      input: t.object({ recordId: t.id(), ...pageInput }),
      output: page(HistoryEntry),
      examples: [{ summary: 'The last ten', input: { recordId: 'rec_01', limit: 10 } }],
    }),

    setPointer: command({
      summary: 'Move a pointer to other content, if it still has the version you know.',
      http: 'POST /pointers',
      mcp: { tool: 'qindex.setPointer', destructive: false },
      scope: 'qindex/put',
      input: t.object({
        key: key(),
        cid: t.cid(),
        expectVersion: expectVersion(
          'The version you read; 0 for a pointer that is not there yet.',
        ),
        visibility: t.optional(visibility()),
        metadata: t.optional(metadata()),
      }),
      output: Pointer,
      emits: ['q.qindex.pointer.moved.v1'],
      examples: [
        {
          summary: 'A new pointer',
          input: { key: 'harvest/latest', cid: EXAMPLE_CID, expectVersion: 0 },
        },
      ],
    }),

    pointer: query({
      summary: 'Read where a pointer points now, and where it pointed before.',
      http: 'GET /pointers',
      access: 'tenant',
      scope: 'qindex/get',
      input: t.object({
        key: key(),
        owner: t.optional(t.did({ description: 'Whose pointer; default: your own.' })),
      }),
      output: Pointer,
      examples: [{ summary: 'Your own', input: { key: 'harvest/latest' } }],
    }),

    remove: command({
      summary: 'Remove a record: its text and tags at once; its history stays.',
      http: 'POST /records/{recordId}/remove',
      resource: 'record/{recordId}',
      scope: 'qindex/remove',
      input: t.object({
        recordId: t.id(),
        expectVersion: t.optional(expectVersion('Remove only if the record has this version.')),
      }),
      output: t.object({ recordId: t.id(), version: t.integer({ minimum: 1 }) }),
      emits: ['q.qindex.record.removed.v1'],
      examples: [{ summary: 'Whatever its version', input: { recordId: 'rec_01' } }],
    }),
  },
  events: {
    'q.qindex.record.created.v1': event({
      summary: 'A record was written for the first time.',
      subject: 'recordId',
      schema: change,
    }),
    'q.qindex.record.updated.v1': event({
      summary: 'A record got its next version.',
      subject: 'recordId',
      schema: change,
    }),
    'q.qindex.record.removed.v1': event({
      summary: 'A record was removed.',
      subject: 'recordId',
      schema: t.object({
        recordId: t.id(),
        owner: t.did(),
        version: t.integer({ minimum: 1 }),
      }),
    }),
    'q.qindex.pointer.moved.v1': event({
      summary: 'A pointer points to other content.',
      subject: 'recordId',
      schema: change,
    }),
  },
});
