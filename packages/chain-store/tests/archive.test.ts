import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkProof, decodeProof, type ExecutedCommit } from '@anarq/dag';
import { afterEach, describe, expect, it } from 'vitest';
import { ChainArchive, checkArchiveFile, type ArchiveSettings } from '../src/index.ts';
import { chainId, idOf, keys, people, TestChain, validators } from './chain.ts';

const [ana, ben, cem, dua] = people;

/** Small segments, so that a short history goes through all layers. */
const SMALL: Partial<ArchiveSettings> = {
  hotTransactions: 20,
  segmentBytes: 4_000,
  warmSegments: 1,
  coldSegments: 3,
  keepCheckpoints: 4,
  witnessRetention_ms: 5_000,
};

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'q-chain-store-'));
  folders.push(folder);
  return folder;
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** Checkpoints of five payments each, and what an archive made of them. */
async function history(
  archive: ChainArchive,
  chain: TestChain,
  checkpoints: number,
): Promise<{ readonly ids: string[]; readonly commits: ExecutedCommit[] }> {
  const ids: string[] = [];
  const commits: ExecutedCommit[] = [];
  for (let at = 0; at < checkpoints; at += 1) {
    const payers = [ana, ben, ana, cem, ana] as const;
    const entries = payers.map((who) => chain.pay(who, who === ana ? ben : ana));
    ids.push(...entries.map((entry) => idOf(entry)));
    commits.push(chain.commit(entries.slice(0, 3)), chain.commit(entries.slice(3), true));
    for (const commit of commits.slice(-2)) void archive.keep(commit);
    const checkpoint = commits.at(-1)?.checkpoint;
    if (checkpoint !== undefined) archive.certified(chain.certificate(checkpoint));
    await archive.settled();
  }
  return { ids, commits };
}

const check = (proof: Uint8Array | undefined) =>
  proof === undefined
    ? undefined
    : checkProof(decodeProof(proof), chainId, validators, keys.verify);

describe('the history of a chain', () => {
  it('says which certificates a crash swallowed, and takes them later', async () => {
    const folder = await newFolder();
    const order = { chainId, validators, settings: SMALL };
    const test = new TestChain();
    const before = await ChainArchive.open(folder, order);
    const entry = test.pay(ana, ben);
    const [first, second] = [test.commit([entry], true), test.commit([test.pay(ana, ben)], true)];
    await before.keep(first);
    await before.keep(second);
    if (second.checkpoint !== undefined) before.certified(test.certificate(second.checkpoint));
    await before.close();
    const archive = await ChainArchive.open(folder, order);
    const [lost] = archive.lost();
    expect(lost).toMatchObject({ seq: first.checkpoint?.seq });
    expect(await archive.receiptProof(idOf(entry))).toBeUndefined();
    if (lost !== undefined) archive.certified(test.certificate(lost));
    await archive.settled();
    expect(archive.lost()).toEqual([]);
    expect(check(await archive.receiptProof(idOf(entry)))).toMatchObject({ holds: true });
    await archive.close();
  });

  it('is proved without the ends of epochs after which the same validators stayed', async () => {
    const order = { chainId, validators, settings: SMALL };
    const archive = await ChainArchive.open(await newFolder(), order);
    const { ids } = await history(archive, new TestChain(validators), 36);
    const proof = await archive.receiptProof(ids.at(-1) ?? '');
    expect(decodeProof(proof ?? new Uint8Array())).toMatchObject({
      trail: [],
      certificate: { checkpoint: { epoch: 5 } },
    });
    expect(check(proof)).toMatchObject({ holds: true });
    await archive.close();
  });

  it('is found in every layer, by id, with a proof that needs nothing but the first validators', async () => {
    const archive = await ChainArchive.open(await newFolder(), {
      chainId,
      validators,
      settings: SMALL,
    });
    const { ids } = await history(archive, new TestChain(), 36);
    const layers = new Set<string>();
    for (const [at, id] of ids.entries()) {
      const found = await archive.transaction(id);
      expect(found).toMatchObject({ id, receipt: { id, code: 'OK' } });
      if (found !== undefined) layers.add(found.layer);
      if (at % 7 > 0) continue;
      expect(check(await archive.receiptProof(id))).toMatchObject({ holds: true, receipt: { id } });
    }
    const proof = await archive.receiptProof(ids.at(-1) ?? '');
    expect(decodeProof(proof ?? new Uint8Array()).trail.length).toBeGreaterThan(3);
    expect(layers).toEqual(new Set(['hot', 'warm', 'cold', 'archive']));
    expect(archive.status()).toMatchObject({ gaps: [], certifiedSeq: 36, lastCommit: 72 });
    await archive.close();
  });

  it('is the same after a start, and takes nothing twice that comes again', async () => {
    const folder = await newFolder();
    const chain = new TestChain();
    const first = await ChainArchive.open(folder, { chainId, validators, settings: SMALL });
    const { ids, commits } = await history(first, chain, 15);
    await first.close();
    const again = await ChainArchive.open(folder, { chainId, validators, settings: SMALL });
    for (const commit of commits) await again.keep(commit);
    const more = await history(again, chain, 3);
    const all = await again.transactions({ limit: 1_000 });
    expect(all.map(({ id }) => id)).toEqual([...ids, ...more.ids].toReversed());
    expect(again.status().gaps).toEqual([]);
    await again.close();
  });

  it('is listed page by page, of all and of an account, without one missing or twice', async () => {
    const archive = await ChainArchive.open(await newFolder(), {
      chainId,
      validators,
      settings: SMALL,
    });
    const chain = new TestChain();
    const { ids } = await history(archive, chain, 25);
    // Two that no checkpoint covers yet.
    const late = [chain.pay(ben, ana), chain.pay(cem, dua)];
    void archive.keep(chain.commit(late));
    const everything = [...ids, ...late.map((entry) => idOf(entry))].toReversed();
    for (const account of [undefined, ana.id, ben.id, cem.id, dua.id]) {
      const found: string[] = [];
      let before: { readonly commit: number; readonly index: number } | undefined;
      for (;;) {
        const page = await archive.transactions({ account, before, limit: 7 });
        found.push(...page.map(({ id }) => id));
        before = page.at(-1)?.position;
        if (page.length < 7) break;
      }
      const all = await archive.transactions({ limit: 1_000 });
      const expected = all
        .filter(
          ({ transaction: { account: by, action } }) =>
            account === undefined ||
            by === account ||
            (action.kind === 'transfer' && action.to === account),
        )
        .map(({ id }) => id);
      expect(found).toEqual(expected);
      if (account === undefined) expect(found).toEqual(everything);
    }
    await archive.close();
  });

  it('a question touches few segments: the filters of the others say no', async () => {
    const archive = await ChainArchive.open(await newFolder(), {
      chainId,
      validators,
      settings: { ...SMALL, coldSegments: 1_000 },
    });
    const { ids } = await history(archive, new TestChain(), 50);
    const before = archive.status();
    expect(before.layers.cold.segments).toBeGreaterThan(12);
    const unknown = ids.map((id) => id.replaceAll('0', 'f').split('').toReversed().join(''));
    for (const id of unknown) expect(await archive.transaction(id)).toBeUndefined();
    const { asked, spared } = archive.status();
    const inVain = asked - before.asked;
    expect(inVain / (inVain + spared - before.spared)).toBeLessThan(0.03);
    await archive.close();
  });

  it('drops signatures when they are certified and old, keeps those of the last checkpoints, and nothing else is lost', async () => {
    const folder = await newFolder();
    const archive = await ChainArchive.open(folder, { chainId, validators, settings: SMALL });
    const chain = new TestChain();
    const { ids } = await history(archive, chain, 12);
    expect(await archive.signedEntry(ids[0] ?? '')).toBeInstanceOf(Uint8Array);
    chain.wait(60_000);
    const later = await history(archive, chain, 3);
    expect(await archive.signedEntry(ids[0] ?? '')).toBeUndefined();
    expect(await archive.transaction(ids[0] ?? '')).toMatchObject({ receipt: { code: 'OK' } });
    expect(check(await archive.receiptProof(ids[0] ?? ''))).toMatchObject({ holds: true });
    expect(await archive.signedEntry(later.ids.at(-1) ?? '')).toBeInstanceOf(Uint8Array);
    await archive.close();
  });

  it('prunes transactions by its settings; the later ones are still proved from the first validators on', async () => {
    const archive = await ChainArchive.open(await newFolder(), {
      chainId,
      validators,
      settings: { ...SMALL, transactionRetention_ms: 10_000 },
    });
    const chain = new TestChain();
    const { ids } = await history(archive, chain, 20);
    chain.wait(60_000);
    const later = await history(archive, chain, 8);
    expect(await archive.transaction(ids[0] ?? '')).toBeUndefined();
    for (const id of later.ids)
      expect(check(await archive.receiptProof(id))).toMatchObject({ holds: true });
    await archive.close();
  });

  it('prunes nothing that has no certificate', async () => {
    const folder = await newFolder();
    const archive = await ChainArchive.open(folder, {
      chainId,
      validators,
      settings: {
        ...SMALL,
        transactionRetention_ms: 0,
        keepCheckpoints: 0,
        witnessRetention_ms: 0,
      },
    });
    const chain = new TestChain();
    const ids: string[] = [];
    for (let at = 0; at < 40; at += 1) {
      const entry = chain.pay(ana, ben);
      ids.push(idOf(entry));
      await archive.keep(chain.commit([entry], true));
      chain.wait(60_000);
    }
    await archive.settled();
    expect(archive.status()).toMatchObject({ certifiedSeq: 0, layers: { warm: { segments: 1 } } });
    for (const id of ids) expect(await archive.signedEntry(id)).toBeInstanceOf(Uint8Array);
    await archive.close();
  });

  it('tells the first receipt of a transaction that is refused each time that it is handed in', async () => {
    const archive = await ChainArchive.open(await newFolder(), {
      chainId,
      validators,
      settings: { ...SMALL, hotTransactions: 1 },
    });
    const chain = new TestChain();
    const winner = chain.pay(dua, ana);
    const loser = chain.rival(dua, winner);
    void archive.keep(chain.commit([winner, loser]));
    const first = await archive.transaction(idOf(loser));
    expect(first).toMatchObject({ receipt: { code: 'NONCE_USED' }, position: { commit: 1 } });
    await history(archive, chain, 10);
    const again = chain.commit([loser], true);
    expect(again.receipts[0]).toMatchObject({ id: idOf(loser), code: 'NONCE_USED' });
    void archive.keep(again);
    await archive.settled();
    expect(await archive.transaction(idOf(loser))).toMatchObject({ position: { commit: 1 } });
    await archive.close();
  });

  it('says which commits it does not have', async () => {
    const archive = await ChainArchive.open(await newFolder(), {
      chainId,
      validators,
      settings: SMALL,
    });
    const chain = new TestChain();
    await archive.keep(chain.commit([chain.pay(ana, ben)], true));
    const lost = chain.pay(ana, ben);
    chain.commit([lost]);
    chain.commit([], true);
    await archive.keep(chain.commit([chain.pay(ana, ben)], true));
    expect(await archive.transaction(idOf(lost))).toBeUndefined();
    expect(archive.status().gaps).toEqual([{ fromCommit: 2, toCommit: 3 }]);
    await archive.close();
  });

  it('goes into one file that is checked without the node, and believed only as a whole', async () => {
    const [folder, elsewhere] = [await newFolder(), await newFolder()];
    const archive = await ChainArchive.open(folder, { chainId, validators, settings: SMALL });
    await history(archive, new TestChain(), 26);
    expect(await archive.exportTo(elsewhere, 'chain.archive')).toBe(130);
    await archive.close();
    const file = join(elsewhere, 'chain.archive');
    const order = { chainId, epoch: 0, validators, verify: keys.verify };
    expect(await checkArchiveFile(file, order)).toMatchObject({
      holds: true,
      transactions: 130,
      certified: 26,
      epoch: 3,
    });
    expect(await checkArchiveFile(file, { ...order, verify: () => false })).toEqual({
      holds: false,
      why: 'no quorum signed checkpoint 1',
    });
    expect(await checkArchiveFile(file, { ...order, validators: validators.slice(1) })).toEqual({
      holds: false,
      why: 'no quorum signed checkpoint 1',
    });
    // Each file of the archive begins with what the one before ended with.
    let state: { readonly epoch: number; readonly validators: readonly Uint8Array[] } = order;
    const names = (await readdir(folder)).filter((name) => name.endsWith('.archive')).toSorted();
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      const checked = await checkArchiveFile(join(folder, name), { ...order, ...state });
      if (!checked.holds) throw new Error(checked.why);
      state = checked;
    }
  });
});
