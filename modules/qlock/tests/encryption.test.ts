import { randomBytes } from 'node:crypto';
import { toBase64url } from '@anarq/crypto';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qlock } from '../src/contract.ts';
import { bytes, codeOf, grant, type Key } from './support.ts';

let node: TestNode;
let alice: Actor;
beforeAll(async () => {
  node = await startTestNode({ modules: ['qlock'] });
  alice = await node.person('Alice');
});
afterAll(() => node.close());

const createKey = (kind: Key['kind'], actor = alice) => actor.call(qlock.createKey, { kind });

describe.each(['symmetric', 'recipient'] as const)('a %s key', (kind) => {
  it('opens what was encrypted under it, with the same associated data', async () => {
    const { keyId } = await createKey(kind);
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.option(fc.uint8Array({ maxLength: 100 }), { nil: undefined }),
      async (plain, aad) => {
        const bound = aad === undefined ? {} : { aad: toBase64url(aad) };
        const plaintext = toBase64url(plain);
        const { ciphertext } = await alice.call(qlock.encrypt, { keyId, plaintext, ...bound });
        const opened = await alice.call(qlock.decrypt, { keyId, ciphertext, ...bound });
        expect(opened.plaintext).toBe(plaintext);
      },
    );
    await fc.assert(property, { numRuns: 20 });
  });

  it('takes 64 KiB, and not a byte more', async () => {
    const { keyId } = await createKey(kind);
    const plaintext = toBase64url(randomBytes(65_536));
    const { ciphertext } = await alice.call(qlock.encrypt, { keyId, plaintext });
    expect((await alice.call(qlock.decrypt, { keyId, ciphertext })).plaintext).toBe(plaintext);
    const more = { keyId, plaintext: toBase64url(randomBytes(65_537)) };
    expect(codeOf(await alice.result(qlock.encrypt, more))).toBe('INPUT_INVALID');
  });

  it('opens nothing under other associated data', async () => {
    const { keyId } = await createKey(kind);
    const input = { keyId, plaintext: bytes('secret'), aad: bytes('invoice 1') };
    const { ciphertext } = await alice.call(qlock.encrypt, input);
    for (const aad of [{}, { aad: bytes('invoice 2') }])
      expect(codeOf(await alice.result(qlock.decrypt, { keyId, ciphertext, ...aad }))).toBe(
        'DECRYPTION_FAILED',
      );
  });

  it('opens nothing that was changed, cut or relabelled', async () => {
    const { keyId } = await createKey(kind);
    const other = await createKey(kind);
    await alice.call(qlock.rotateKey, { keyId });
    const input = { keyId, plaintext: bytes('secret') };
    const { ciphertext } = await alice.call(qlock.encrypt, input);
    const sealed = ciphertext.split('.')[3] ?? '';
    const flipped = `${sealed.startsWith('A') ? 'B' : 'A'}${sealed.slice(1)}`;
    const wrong = [
      `qlock1.${keyId}.2.${flipped}`,
      `qlock1.${keyId}.2.${sealed.slice(0, -4)}`,
      `qlock1.${keyId}.2.${sealed.slice(0, 8)}`,
      `qlock1.${keyId}.1.${sealed}`,
      `qlock1.${keyId}.9.${sealed}`,
      `qlock1.${other.keyId}.1.${sealed}`,
    ];
    for (const text of wrong)
      expect(codeOf(await alice.result(qlock.decrypt, { keyId, ciphertext: text }))).toBe(
        'DECRYPTION_FAILED',
      );
    // Nor does another key open what names it.
    const moved = { keyId: other.keyId, ciphertext: `qlock1.${other.keyId}.1.${sealed}` };
    expect(codeOf(await alice.result(qlock.decrypt, moved))).toBe('DECRYPTION_FAILED');
  });

  it('rotated, encrypts under its new version and still opens the old', async () => {
    const { keyId, version, publicKey } = await createKey(kind);
    expect(version).toBe(1);
    const old = await alice.call(qlock.encrypt, { keyId, plaintext: bytes('old') });
    const rotated = await alice.call(qlock.rotateKey, { keyId });
    expect(rotated.version).toBe(2);
    if (kind === 'recipient') expect(rotated.publicKey).not.toBe(publicKey);
    const young = await alice.call(qlock.encrypt, { keyId, plaintext: bytes('young') });
    expect([old.version, young.version]).toEqual([1, 2]);
    for (const [{ ciphertext, version: at }, plain] of [
      [old, 'old'],
      [young, 'young'],
    ] as const)
      expect(await alice.call(qlock.decrypt, { keyId, ciphertext })).toEqual({
        plaintext: bytes(plain),
        version: at,
      });
  });

  it('is its owner’s, until a grant opens it: and then only for what it says', async () => {
    const { keyId } = await createKey(kind);
    const bob = await node.person('Bob');
    const input = { keyId, plaintext: bytes('for Alice') };
    expect(codeOf(await bob.result(qlock.encrypt, input))).toBe('QONSENT_DENIED');
    const order = { command: '/qlock/encrypt', resource: `qlock/key/${keyId}` };
    await grant(node, alice, bob, order);
    const { ciphertext } = await bob.call(qlock.encrypt, input);
    expect(codeOf(await bob.result(qlock.decrypt, { keyId, ciphertext }))).toBe('QONSENT_DENIED');
    expect((await alice.call(qlock.decrypt, { keyId, ciphertext })).plaintext).toBe(
      bytes('for Alice'),
    );
  });
});

describe('a key', () => {
  it('is not in the store in the clear, and no answer holds its secret part', async () => {
    const made = await createKey('symmetric');
    expect(Object.keys(made).toSorted()).toEqual([
      'createdAt',
      'keyId',
      'kind',
      'name',
      'owner',
      'version',
    ]);
    const [row] = await node.store.read('SELECT secret_sealed FROM qlock_version WHERE id = :id', {
      id: `${made.keyId}.1`,
    });
    // Version byte, nonce, 32 bytes of key, tag: sealed for this version and no other.
    const sealed = row?.['secret_sealed'] as Uint8Array;
    expect(sealed).toHaveLength(1 + 12 + 32 + 16);
    const { sealer } = node.kernel.services;
    expect(sealer.open('qlock-key', `${made.keyId}.1`, sealed)).toHaveLength(32);
    expect(() => sealer.open('qlock-key', `${made.keyId}.2`, sealed)).toThrow();
  });

  it('survives a restart', async () => {
    const { keyId } = await createKey('symmetric');
    const input = { keyId, plaintext: bytes('still here') };
    const { ciphertext } = await alice.call(qlock.encrypt, input);
    await node.restart();
    const opened = await alice.call(qlock.decrypt, { keyId, ciphertext });
    expect(opened.plaintext).toBe(bytes('still here'));
  });

  it('is listed for its owner only', async () => {
    const carol = await node.person('Carol');
    const input = { kind: 'signing', name: 'invoices' } as const;
    const made = await carol.call(qlock.createKey, input);
    expect((await carol.call(qlock.keys, {})).items).toEqual([made]);
    expect(made).toMatchObject({ owner: carol.did, name: 'invoices', kind: 'signing' });
  });

  it('of one kind does not do the work of another', async () => {
    const { keyId } = await createKey('signing');
    const input = { keyId, plaintext: bytes('x') };
    expect(codeOf(await alice.result(qlock.encrypt, input))).toBe('STATE_CONFLICT');
  });

  it('is not found by its id in another tenant', async () => {
    const { keyId } = await createKey('symmetric');
    const stranger = await node.person('Stranger', 'elsewhere');
    const input = { keyId, plaintext: bytes('x') };
    expect(codeOf(await stranger.result(qlock.encrypt, input))).toBe('QINDEX_NOT_FOUND');
  });

  it('rotated by many at once gets one version each', async () => {
    const { keyId } = await createKey('symmetric');
    const rotated = await Promise.all(
      Array.from({ length: 4 }, () => alice.result(qlock.rotateKey, { keyId })),
    );
    const versions = rotated.flatMap((result) =>
      result.status === 'ok' ? [result.data.version] : [],
    );
    expect(versions.toSorted((a, b) => a - b)).toEqual(
      versions.map((_version, place) => place + 2),
    );
  });

  it('takes associated data and messages in the one spelling of base64url', async () => {
    const { keyId } = await createKey('symmetric');
    // 'QQ' and 'QR' decode to the same byte.
    const input = { keyId, plaintext: 'QR' };
    expect(codeOf(await alice.result(qlock.encrypt, input))).toBe('INPUT_INVALID');
  });
});

describe('a message to an identity', () => {
  it('is opened by it alone, where the node keeps its keys', async () => {
    const made = node.kernel.services.identities.prepareCreate({
      tenant: node.kernel.node.tenant,
      kind: 'agent',
      name: 'agent',
      controller: alice.did,
      now_ms: Date.now(),
    });
    await node.store.commit(made.statements);
    const input = { identity: made.did, plaintext: bytes('for you'), aad: bytes('subject') };
    const { ciphertext } = await alice.call(qlock.encryptTo, input);
    expect(ciphertext.startsWith(`qto1.${made.did}.`)).toBe(true);

    const aad = bytes('subject');
    expect(codeOf(await alice.result(qlock.decryptOwn, { ciphertext, aad }))).toBe(
      'DECRYPTION_FAILED',
    );
    const agentKeys = await node.kernel.services.identities.custodyKeys(made.did);
    // The agent gives Alice the right to open what is for it.
    const { grants } = node.kernel.services;
    const token = grants.sign(
      {
        issuer: made.did,
        audience: alice.did,
        subject: made.did,
        command: '/qlock/decrypt',
        policy: [],
      },
      agentKeys,
    );
    const { tenant } = node.kernel.node;
    const order = { token, tenant, purpose: 'test', now_ms: Date.now() };
    const prepared = await grants.prepareRegister(order);
    await node.store.commit(prepared.statements);
    prepared.activate();
    const forAgent = { subject: made.did };
    expect(await alice.call(qlock.decryptOwn, { ciphertext, aad }, forAgent)).toEqual({
      plaintext: bytes('for you'),
    });
    const wrong = await alice.result(qlock.decryptOwn, { ciphertext }, forAgent);
    expect(codeOf(wrong)).toBe('DECRYPTION_FAILED');
  });

  it('is not opened here for somebody who keeps their own keys', async () => {
    const input = { identity: alice.did, plaintext: bytes('x') };
    const { ciphertext } = await alice.call(qlock.encryptTo, input);
    expect(codeOf(await alice.result(qlock.decryptOwn, { ciphertext }))).toBe('CUSTODY_REFUSED');
  });

  it('is not made for an identity that is not known here', async () => {
    const input = { identity: 'did:squid:QmNobody', plaintext: bytes('x') };
    expect(codeOf(await alice.result(qlock.encryptTo, input))).toBe('SQUID_IDENTITY_INVALID');
  });
});
