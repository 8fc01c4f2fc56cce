import { createSealer, deriveLogKeys, generateSeed, rotatedKey, type RootKey } from '@anarq/crypto';
import type { Store } from '@anarq/store';
import { describe, expect, it } from 'vitest';
import { openLog, readHandovers, verifyReceipt, type Log, type Receipt } from '../src/index.ts';
import { compareStored } from '../src/stored.ts';
import { ALICE, body, folder, NOW_MS, record, storeIn } from './support.ts';

const ORIGIN = 'node.example/log';
const next = (key: RootKey) =>
  rotatedKey(key, { retiredAt: new Date(NOW_MS).toISOString(), reason: 'planned' });
const first: RootKey = { seed: generateSeed() };
const second = next(first);
const third = next(second);

const logOf = (store: Store, { seed, earlier = [] }: RootKey): Promise<Log> =>
  openLog({
    store,
    sealer: createSealer({ seed, earlier }),
    origin: ORIGIN,
    keys: deriveLogKeys(seed),
    keysBefore: earlier.flatMap(({ seed: old }) => (old === undefined ? [] : [deriveLogKeys(old)])),
    now_ms: () => NOW_MS,
  });

/** A log that was signed under three keys in turn, and what each gave out. */
async function handedOver() {
  const store = await storeIn(folder());
  const opened: { log: Log; receipt: Receipt; note: string }[] = [];
  for (const key of [first, second, third]) {
    const log = await logOf(store, key);
    const receipt = await log.receipt(await record({ store, log }, body()), ALICE);
    opened.push({ log, receipt, note: log.checkpoint().note });
    await log.close();
  }
  return { store, opened };
}

describe('a log that was handed over', () => {
  it('gives receipts that verify under every key it had, and says so', async () => {
    const { opened } = await handedOver();
    const last = opened[2]?.receipt;
    for (const [place, { log }] of opened.entries()) {
      const verdict = verifyReceipt(JSON.parse(JSON.stringify(last)), { trust: log.trust });
      expect(verdict).toMatchObject({ ok: true, signer: 'trusted', size: 3 });
      expect(verdict.proves.join().split('leaves;')).toHaveLength(place === 2 ? 1 : 2 - place);
      expect(verdict.doesNotProve.join().includes('after a theft')).toBe(place < 2);
      const both = `${log.vkeys.ed25519},${log.vkeys.mldsa44}`;
      expect(verifyReceipt(last, { trust: both }).postQuantumKey).toBe('pinned');
    }
  });

  it('lets what the keys before signed verify with those, and with no others', async () => {
    const { opened } = await handedOver();
    const [one, two, three] = opened;
    expect(verifyReceipt(one?.receipt, { trust: one?.log.trust ?? '' }).ok).toBe(true);
    for (const later of [two, three])
      expect(verifyReceipt(one?.receipt, { trust: later?.log.trust ?? '' }).ok).toBe(false);
    expect(verifyReceipt(two?.receipt, { trust: three?.log.trust ?? '' }).ok).toBe(false);
  });

  it('is whole, goes on with its tree, and knows checkpoints of the keys before', async () => {
    const { store, opened } = await handedOver();
    const log = await logOf(store, third);
    expect((await log.verifySelf()).problems).toEqual([]);
    expect((await readHandovers(store)).map(({ size }) => size)).toEqual([1, 2]);
    for (const { note } of opened)
      expect(await compareStored(store, log.vkeys, note)).toMatchObject({ missing: 0 });
    await log.close();
  });

  it('is refused where keys that nobody handed it to would sign it', async () => {
    const { store } = await handedOver();
    await expect(logOf(store, { seed: generateSeed() })).rejects.toMatchObject({
      code: 'CONTRADICTION',
    });
    // A key from before, that does not know of those after it.
    await expect(logOf(store, second)).rejects.toMatchObject({ code: 'CONTRADICTION' });
  });

  it('is not made by a statement with anything changed, left out or added', async () => {
    const { opened } = await handedOver();
    const receipt = opened[2]?.receipt as Receipt;
    const trust = opened[0]?.log.trust ?? '';
    const [a, b] = receipt.handovers ?? [];
    if (a === undefined || b === undefined) throw new Error('there are two handovers');
    const forged = [
      [b],
      [b, a],
      [a, a],
      [a],
      [{ ...a, size: 0 }, b],
      [{ ...a, at: '2031-01-01T00:00:00.000Z' }, b],
      [{ ...a, rootHashHex: 'f'.repeat(64) }, b],
      [{ ...a, signatures: { ...a.signatures, from: b.signatures.from } }, b],
      [{ ...a, signatures: { ...a.signatures, to: a.signatures.from } }, b],
      [
        {
          ...a,
          signatures: {
            ...a.signatures,
            from: { ...a.signatures.from, mldsa44: b.signatures.from.mldsa44 },
          },
        },
        b,
      ],
      [{ ...a, from: { ...a.from, mldsa44: b.from.mldsa44 } }, b],
      [{ ...a, note: 'x' }, b],
      [],
    ];
    for (const handovers of forged)
      expect(verifyReceipt({ ...receipt, handovers }, { trust }).ok).toBe(false);
  });
});
