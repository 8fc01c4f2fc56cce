import {
  command,
  contract,
  event,
  LockSig,
  page,
  pageInput,
  query,
  t,
} from '@anarq/common-schemas';

/** The longest message to encrypt or sign, in bytes; longer content goes through Qdrive. */
export const MESSAGE_BYTES_MAX = 65_536;
export const AAD_BYTES_MAX = 4_096;
export const KEYS_MAX = 1_000;
export const KEY_VERSIONS_MAX = 1_000;
export const LOCK_NAMES_MAX = 10_000;
export const LOCK_TTL_MS_MIN = 100;
export const LOCK_TTL_MS_MAX = 86_400_000;

const message = (description: string) =>
  t.bytes({ maxBytes: MESSAGE_BYTES_MAX, sensitive: 'secret', description });
const aad = () =>
  t.optional(
    t.bytes({
      maxBytes: AAD_BYTES_MAX,
      description: 'Associated data: not encrypted, and needed again, unchanged, to decrypt.',
    }),
  );
const ciphertext = () =>
  t.string({
    minLength: 1,
    maxLength: 90_000,
    pattern: '^q(lock|to)1\\.[A-Za-z0-9._:%-]{1,400}\\.[A-Za-z0-9_-]{1,89000}$',
    description: 'As encrypt answered: form, key, version, and the sealed message in base64url.',
  });
const domain = () =>
  t.string({
    minLength: 1,
    maxLength: 128,
    pattern: '^[A-Za-z0-9][A-Za-z0-9._:/-]*$',
    description:
      'What is being said, e.g. invoice.v1: a signature for one domain is none for another.',
  });
const lockName = () =>
  t.string({ minLength: 1, maxLength: 256, pattern: '^[A-Za-z0-9][A-Za-z0-9._:/-]*$' });
const keyVersion = () => t.integer({ minimum: 1, maximum: KEY_VERSIONS_MAX });

export const KEY_KINDS = ['symmetric', 'recipient', 'signing'] as const;

export const Key = t.named(
  'Key',
  t.object({
    keyId: t.id(),
    owner: t.did(),
    kind: t.enum(KEY_KINDS, {
      description:
        'symmetric: AES-256-GCM. recipient: X25519 and ML-KEM-768. signing: Ed25519 and ML-DSA-65.',
    }),
    name: t.string({ maxLength: 128, sensitive: 'personal' }),
    version: keyVersion(),
    publicKey: t.optional(
      t.string({
        maxLength: 8_192,
        description: 'Public part of the current version: two multikeys joined by +.',
      }),
    ),
    createdAt: t.instant(),
  }),
);

const LockAnswer = t.named(
  'Lock',
  t.object({
    name: lockName(),
    lockId: t.id({ description: 'Names this holding of the lock; needed to renew and unlock.' }),
    token: t.integer({
      minimum: 1,
      description: 'Fencing token: grows with every new holder of this name. Refuse lower ones.',
    }),
    expiresAt: t.instant(),
  }),
);

export const qlock = contract({
  name: 'qlock',
  version: '1.0.0',
  title: 'Keys',
  purpose:
    'Keys that never leave the node: encrypt, decrypt, sign, verify; and locks with fencing.',
  operations: {
    createKey: command({
      summary: 'Create a key; its secret part is sealed here and never leaves.',
      http: 'POST /keys',
      scope: 'qlock/createKey',
      signature: 'full',
      input: t.object({
        kind: t.enum(KEY_KINDS),
        name: t.optional(t.string({ minLength: 1, maxLength: 128, sensitive: 'personal' })),
      }),
      output: Key,
      emits: ['q.qlock.key.created.v1'],
      examples: [{ summary: 'A key to encrypt with', input: { kind: 'symmetric', name: 'notes' } }],
    }),

    rotateKey: command({
      summary: 'Give a key a new version, used from now on; earlier ones still decrypt.',
      http: 'POST /keys/{keyId}/rotate',
      resource: 'key/{keyId}',
      scope: 'qlock/rotateKey',
      signature: 'full',
      input: t.object({ keyId: t.id() }),
      output: Key,
      emits: ['q.qlock.key.created.v1'],
      examples: [{ summary: 'Once a month', input: { keyId: 'key_01' } }],
    }),

    keys: query({
      summary: 'List your keys, without their secret parts.',
      http: 'GET /keys',
      scope: 'qlock/keys',
      input: t.object({ ...pageInput }),
      output: page(Key),
      examples: [{ summary: 'All of them', input: {} }],
    }),

    encrypt: query({
      summary: 'Encrypt a message under a key of this node.',
      http: 'POST /encrypt',
      mcp: { tool: 'qlock.encrypt' },
      resource: 'key/{keyId}',
      scope: 'qlock/encrypt',
      input: t.object({
        keyId: t.id({ description: 'A symmetric or a recipient key.' }),
        plaintext: message('At most 64 KiB.'),
        aad: aad(),
      }),
      output: t.object({ ciphertext: ciphertext(), keyId: t.id(), version: keyVersion() }),
      errors: ['STATE_CONFLICT'],
      examples: [
        {
          summary: 'A short note',
          input: { keyId: 'key_01', plaintext: 'aGVsbG8' },
          output: {
            ciphertext: 'qlock1.key_01.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
            keyId: 'key_01',
            version: 1,
          },
        },
      ],
    }),

    decrypt: query({
      summary: 'Decrypt what was encrypted under a key of this node.',
      http: 'POST /decrypt',
      mcp: { tool: 'qlock.decrypt' },
      resource: 'key/{keyId}',
      scope: 'qlock/decrypt',
      personal: true,
      input: t.object({ keyId: t.id(), ciphertext: ciphertext(), aad: aad() }),
      output: t.object({ plaintext: message('What was encrypted.'), version: keyVersion() }),
      errors: ['DECRYPTION_FAILED'],
      examples: [
        {
          summary: 'The short note again',
          input: {
            keyId: 'key_01',
            ciphertext: 'qlock1.key_01.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
          },
        },
      ],
    }),

    encryptTo: query({
      summary: 'Encrypt a message to an identity: only its own keys can open it.',
      http: 'POST /encryptTo',
      access: 'tenant',
      scope: 'qlock/encryptTo',
      input: t.object({ identity: t.did(), plaintext: message('At most 64 KiB.'), aad: aad() }),
      output: t.object({ ciphertext: ciphertext() }),
      examples: [
        {
          summary: 'For one reader',
          input: { identity: 'did:squid:QmReader', plaintext: 'aGVsbG8' },
          output: { ciphertext: 'qto1.did:squid:QmReader.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
        },
      ],
    }),

    decryptOwn: query({
      summary: 'Decrypt what was encrypted to you, where the node keeps your keys.',
      http: 'POST /decryptOwn',
      scope: 'qlock/decrypt',
      personal: true,
      input: t.object({ ciphertext: ciphertext(), aad: aad() }),
      output: t.object({ plaintext: message('What was encrypted.') }),
      errors: ['DECRYPTION_FAILED', 'CUSTODY_REFUSED'],
      examples: [
        {
          summary: 'A message to me',
          input: { ciphertext: 'qto1.did:squid:QmReader.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
        },
      ],
    }),

    sign: command({
      summary: 'Sign a message with a signing key, Ed25519 and ML-DSA-65 together.',
      http: 'POST /sign',
      mcp: { tool: 'qlock.sign', destructive: false },
      resource: 'key/{keyId}',
      scope: 'qlock/sign',
      signature: 'full',
      input: t.object({
        keyId: t.id({ description: 'A signing key.' }),
        domain: domain(),
        message: t.bytes({ maxBytes: MESSAGE_BYTES_MAX }),
      }),
      output: LockSig,
      errors: ['STATE_CONFLICT'],
      examples: [
        {
          summary: 'An invoice',
          input: { keyId: 'key_02', domain: 'invoice.v1', message: 'aGVsbG8' },
        },
      ],
    }),

    verify: query({
      summary: 'Say whether a signature is good. It needs no key of this node, and no identity.',
      http: 'POST /verify',
      mcp: { tool: 'qlock.verify' },
      access: 'public',
      scope: 'qlock/verify',
      input: t.object({
        domain: domain(),
        message: t.bytes({ maxBytes: MESSAGE_BYTES_MAX }),
        signature: LockSig,
        pub: t.optional(
          t.string({ maxLength: 8_192, description: 'The public key that you expect.' }),
        ),
      }),
      output: t.object({
        valid: t.boolean(),
        reason: t.optional(t.string({ maxLength: 256, description: 'Why it is not.' })),
        signedAt: t.optional(t.instant({ description: 'As its signer says; only where valid.' })),
      }),
      limits: { perMinute: 600 },
      examples: [
        {
          summary: 'Whether an invoice was signed',
          input: {
            domain: 'invoice.v1',
            message: 'aGVsbG8',
            signature: { alg: 'Ed25519+ML-DSA-65', pub: 'zA+zB', sig: 'AA', ts: 0, nonce: 'AA' },
          },
        },
      ],
    }),

    lock: command({
      summary: 'Take a lock for a time, with a fencing token that only ever grows.',
      http: 'POST /locks',
      mcp: { tool: 'qlock.lock', destructive: false },
      scope: 'qlock/lock',
      input: t.object({
        name: lockName(),
        ttl_ms: t.integer({ minimum: LOCK_TTL_MS_MIN, maximum: LOCK_TTL_MS_MAX }),
      }),
      output: LockAnswer,
      errors: ['LOCK_HELD'],
      emits: ['q.qlock.lock.acquired.v1'],
      examples: [{ summary: 'A nightly job', input: { name: 'jobs/nightly', ttl_ms: 60_000 } }],
    }),

    renew: command({
      summary: 'Hold a lock for longer; only its holder, and only before it expires.',
      http: 'POST /locks/renew',
      mcp: { tool: 'qlock.renew', destructive: false },
      scope: 'qlock/lock',
      input: t.object({
        name: lockName(),
        lockId: t.id(),
        ttl_ms: t.integer({ minimum: LOCK_TTL_MS_MIN, maximum: LOCK_TTL_MS_MAX }),
      }),
      output: LockAnswer,
      errors: ['STATE_CONFLICT'],
      examples: [
        {
          summary: 'The job takes longer',
          input: { name: 'jobs/nightly', lockId: 'lock_01', ttl_ms: 60_000 },
        },
      ],
    }),

    unlock: command({
      summary: 'Give a lock back; only its holder.',
      http: 'POST /locks/unlock',
      scope: 'qlock/lock',
      input: t.object({ name: lockName(), lockId: t.id() }),
      output: t.object({ name: lockName(), token: t.integer({ minimum: 1 }) }),
      errors: ['STATE_CONFLICT'],
      emits: ['q.qlock.lock.released.v1'],
      examples: [{ summary: 'Done', input: { name: 'jobs/nightly', lockId: 'lock_01' } }],
    }),
  },
  events: {
    'q.qlock.lock.acquired.v1': event({
      summary: 'A lock has a new holder.',
      subject: 'name',
      schema: t.object({
        name: lockName(),
        owner: t.did({ description: 'Whose lock it is.' }),
        holder: t.did(),
        lockId: t.id(),
        token: t.integer({ minimum: 1 }),
        expiresAt: t.instant(),
      }),
    }),
    'q.qlock.lock.released.v1': event({
      summary: 'A lock was given back before it expired.',
      subject: 'name',
      schema: t.object({
        name: lockName(),
        owner: t.did(),
        holder: t.did(),
        lockId: t.id(),
        token: t.integer({ minimum: 1 }),
      }),
    }),
    'q.qlock.key.created.v1': event({
      summary: 'A key, or a new version of one, was created.',
      subject: 'keyId',
      schema: t.object({
        keyId: t.id(),
        owner: t.did(),
        kind: t.enum(KEY_KINDS),
        version: keyVersion(),
      }),
    }),
  },
});
