import {
  formatTlogProof,
  leafHash,
  parseEntryBundle,
  parseTlogProof,
  verifyConsistency,
  verifyInclusion,
} from '@anarq/tlog';
import { base32 } from 'multiformats/bases/base32';
import { describe, expect, it, vi } from 'vitest';
import { openCheckpoint } from '../src/logKeys.ts';
import {
  ALICE,
  body,
  BOB,
  folder,
  intercept,
  keys,
  logOver,
  NOW_MS,
  open,
  record,
  sealer,
  storeIn,
  TENANT,
} from './support.ts';
import { openLog } from '../src/index.ts';

describe('the log', () => {
  it('signs the empty tree first, with both keys', async () => {
    const { log } = await open(folder());
    const { size, note } = log.checkpoint();
    expect(size).toBe(0);
    expect(openCheckpoint(note, log.vkeys).size).toBe(0);
    expect(log.trust).toMatch(/^node\.example\/log\+[0-9a-f]{8}\+/);
  });

  it('puts committed records into the tree in commit order, each with a proof', async () => {
    const node = await open(folder());
    const cids: string[] = [];
    for (let i = 0; i < 5; i++) cids.push(await record(node, body()));
    const tree = await node.log.integrate();
    expect(tree.size).toBe(5);
    for (const [i, cid] of cids.entries()) {
      const { leafIndex, proof, checkpoint } = await node.log.inclusion(cid);
      expect(leafIndex).toBe(i);
      const leaf = leafHash(base32.decode(cid));
      expect(verifyInclusion(i, 5, leaf, proof, checkpoint.root)).toBe(true);
      const file = formatTlogProof({ index: i, proof, checkpoint: checkpoint.note });
      expect(parseTlogProof(file).index).toBe(i);
    }
    const entries = parseEntryBundle(await node.log.entries(0, 5));
    expect(entries.map((entry) => base32.encode(entry))).toEqual(cids);
    const tile = await node.log.tile(0, 0, 5);
    expect(tile.subarray(0, 32)).toEqual(leafHash(base32.decode(cids[0] ?? '')));
    await expect(node.log.tile(0, 0, 6)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('integrates by itself after being woken', async () => {
    const node = await open(folder());
    await record(node, body());
    node.log.wake();
    await vi.waitFor(() => expect(node.log.checkpoint().size).toBe(1), { timeout: 10_000 });
  });

  it('integrates a last time when it closes, and then refuses', async () => {
    const node = await open(folder());
    await record(node, body());
    await node.log.close();
    expect(node.log.checkpoint().size).toBe(1);
    await expect(node.log.integrate()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(node.log.close()).resolves.toBeUndefined();
  });

  it('holds nothing of a record whose commit failed', async () => {
    const node = await open(folder());
    const { statements } = node.log.recorder.prepare(body(), [ALICE]);
    const never = { sql: 'delete from log_leaf', expect: { changes: 1 } };
    await expect(node.store.commit([...statements, never])).rejects.toThrow();
    const kept = await record(node, body());
    expect((await node.log.inclusion(kept)).leafIndex).toBe(0);
  });

  it('finds after a restart the records that were committed but not integrated', async () => {
    const path = folder();
    const store = await storeIn(path);
    let killed = false;
    const log = await logOver(
      intercept(store, (commit) => (killed ? Promise.reject(new Error('killed')) : commit())),
    );
    const first = { store, log };
    const cids = [await record(first, body()), await record(first, body())];
    await log.integrate();
    killed = true;
    cids.push(await record(first, body()));
    await store.close();

    const second = await open(path);
    expect(second.log.checkpoint().size).toBe(2);
    expect((await second.log.integrate()).size).toBe(3);
    expect((await second.log.inclusion(cids[2] ?? '')).leafIndex).toBe(2);
    expect(await second.log.verifySelf()).toEqual({ ok: true, size: 3, problems: [] });
  });

  it('goes on after a commit that failed, and tells of it', async () => {
    const store = await storeIn(folder());
    const errors: unknown[] = [];
    let broken = true;
    const log = await openLog({
      store: intercept(store, (commit) => (broken ? Promise.reject(new Error('disk')) : commit())),
      sealer,
      origin: 'node.example/log',
      keys,
      now_ms: () => NOW_MS,
      onError: (error) => errors.push(error),
    });
    await record({ store, log }, body());
    log.wake();
    await vi.waitFor(() => expect(errors).toHaveLength(1), { timeout: 10_000 });
    expect(log.checkpoint().size).toBe(0);
    broken = false;
    await vi.waitFor(() => expect(log.checkpoint().size).toBe(1), { timeout: 10_000 });
  });

  it('finds out that a commit happened although its answer was lost', async () => {
    const store = await storeIn(folder());
    let lost = true;
    const log = await logOver(
      intercept(store, async (commit) => {
        const results = await commit();
        if (lost) throw new Error('the answer was lost');
        return results;
      }),
    );
    await record({ store, log }, body());
    await expect(log.integrate()).rejects.toThrow(/lost/);
    lost = false;
    await record({ store, log }, body());
    expect((await log.integrate()).size).toBe(2);
    expect((await log.verifySelf()).problems).toEqual([]);
  });

  it('never gives one place to two records when two logs integrate over one store', async () => {
    const node = await open(folder());
    const rival = await logOver(node.store);
    for (let i = 0; i < 4; i++) await record(node, body());
    const outcomes = await Promise.allSettled([node.log.integrate(), rival.integrate()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).not.toHaveLength(0);
    await record(node, body());
    // Who comes late is refused, looks at what is stored, and goes on from there.
    for (const log of [node.log, rival])
      expect((await log.integrate().catch(() => log.integrate())).size).toBe(5);
    expect((await node.log.verifySelf()).problems).toEqual([]);
  });

  it('holds 2,000 records over several tiles, consistent with every earlier size', async () => {
    const path = folder();
    const node = await open(path);
    const cids: string[] = [];
    const earlier = [];
    for (let batch = 0; batch < 8; batch++) {
      const prepared = Array.from({ length: 250 }, () =>
        node.log.recorder.prepare(body(), [ALICE]),
      );
      await node.store.commit(prepared.flatMap(({ statements }) => statements));
      cids.push(...prepared.map(({ cid }) => cid));
      earlier.push(await node.log.integrate());
    }
    const last = node.log.checkpoint();
    expect(last.size).toBe(2000);
    for (const { size, root } of earlier) {
      const proof = await node.log.consistency(size, 2000);
      expect(verifyConsistency(size, 2000, root, last.root, proof)).toBe(true);
    }
    for (const index of [0, 255, 256, 1023, 1999]) {
      const cid = cids[index] ?? '';
      const { leafIndex, proof } = await node.log.inclusion(cid);
      expect(leafIndex).toBe(index);
      expect(verifyInclusion(index, 2000, leafHash(base32.decode(cid)), proof, last.root)).toBe(
        true,
      );
    }
    expect(await node.log.tile(1, 0, 7)).toHaveLength(7 * 32);
    expect(await node.log.verifySelf()).toEqual({ ok: true, size: 2000, problems: [] });
    await node.store.close();
    const again = await open(path);
    expect(again.log.checkpoint().root).toEqual(last.root);
  });
});

describe('a tampered database is refused, and says why, when', () => {
  const forged = `b${'a'.repeat(58)}`;
  const values = { zeros: new Uint8Array(320), ten: '\n10', eleven: '\n11' };
  const changes: Record<string, string> = {
    'the CID of a record was changed': `update log_record set cid = '${forged}' where seq = 3`,
    'the bytes of a record were changed': `update log_record set sealed = :zeros where seq = 3`,
    'a record was removed': `delete from log_record where seq = 3`,
    'a leaf shows another record': `update log_leaf set seq = 99 where leaf_index = 4`,
    'the last leaf was removed': `delete from log_leaf where leaf_index = 9`,
    'a leaf was added': `insert into log_leaf (leaf_index, seq) values (10, 11)`,
    'the hashes were changed': `update log_tile set hashes = :zeros where level = 0`,
    'the tiles are gone': `delete from log_tile`,
    'the checkpoint is gone': `delete from log_checkpoint`,
    'the size was changed': `update log_checkpoint set size = 9`,
    'the root was changed': `update log_checkpoint set root = :zeros`,
    'the note was changed': `update log_checkpoint set note = replace(note, :ten, :eleven)`,
  };
  for (const [name, sql] of Object.entries(changes)) {
    it(`${name}`, async () => {
      const path = folder();
      const node = await open(path);
      for (let i = 0; i < 10; i++) await record(node, body());
      await node.log.close();
      const params = Object.fromEntries(
        Object.entries(values).filter(([value]) => sql.includes(`:${value}`)),
      );
      await node.store.commit([{ sql, params, expect: { changes: 1 } }]);
      await expect(logOver(node.store)).rejects.toMatchObject({ code: 'CONTRADICTION' });
    });
  }
});

describe('a stored log', () => {
  it('is not opened with other keys or under another name', async () => {
    const node = await open(folder());
    await record(node, body());
    await node.log.close();
    await expect(logOver(node.store, 'other.example/log')).rejects.toThrow(
      /not one of this log's keys/,
    );
  });

  it('that was changed far back is found out by the full check', async () => {
    const node = await open(folder());
    for (let batch = 0; batch < 18; batch++) {
      const prepared = Array.from({ length: 250 }, () => node.log.recorder.prepare(body(), []));
      await node.store.commit(prepared.flatMap(({ statements }) => statements));
    }
    await node.log.close();
    await node.store.commit([
      {
        sql: 'update log_record set sealed = :zeros where seq = 7',
        params: { zeros: new Uint8Array(100) },
      },
    ]);
    const log = await logOver(node.store);
    expect(await log.verifySelf()).toEqual({
      ok: false,
      size: 4500,
      problems: ['the record of leaf 6 has other bytes than its CID says'],
    });
  });
});

describe('search', () => {
  it('opens the records of a party, newest first, page by page, and of nobody else', async () => {
    const node = await open(folder());
    const cids: string[] = [];
    for (let i = 0; i < 7; i++) cids.push(await record(node, body({ n: i }), [ALICE]));
    await record(node, body({ op: 'qdrive.put' }), [BOB]);
    await record(node, body({ tenant: 'other' }), [ALICE]);

    const query = { party: ALICE, tenant: TENANT, limit: 3 };
    const seen: string[] = [];
    let page = await node.log.search(query);
    seen.push(...page.items.map(({ cid }) => cid));
    while (page.next !== undefined) {
      page = await node.log.search({ ...query, cursor: page.next });
      seen.push(...page.items.map(({ cid }) => cid));
    }
    expect(seen).toEqual(cids.toReversed());
    expect(page.items.at(-1)?.body).toMatchObject({ n: 0, actor: ALICE });
    expect((await node.log.search({ party: BOB, tenant: TENANT })).items).toHaveLength(1);
    expect((await node.log.search({ party: 'did:example:eve', tenant: TENANT })).items).toEqual([]);
  });

  it('narrows by operation, code and time', async () => {
    const node = await open(folder());
    const at = '2031-01-01T00:00:00.000Z';
    const denied = await record(node, body({ code: 'QONSENT_DENIED', at }));
    const put = await record(node, body({ op: 'qdrive.put' }));
    const find = async (more: object): Promise<string[]> => {
      const { items } = await node.log.search({ party: ALICE, tenant: TENANT, ...more });
      return items.map(({ cid }) => cid);
    };
    expect(await find({ code: 'QONSENT_DENIED' })).toEqual([denied]);
    expect(await find({ op: 'qdrive.put' })).toEqual([put]);
    expect(await find({ from_ms: Date.parse(at) })).toEqual([denied]);
    expect(await find({ to_ms: Date.parse(at) })).toEqual([put]);
    await expect(find({ limit: 201 })).rejects.toMatchObject({ code: 'LIMIT' });
    await expect(find({ cursor: 'x' })).rejects.toMatchObject({ code: 'MALFORMED' });
  });
});

describe('erasing a party', () => {
  it('takes its keys and leaves the proofs, the other parties and legal retention', async () => {
    const node = await open(folder());
    const cid = await record(node, body(), [ALICE, BOB]);
    await node.log.integrate();
    await node.store.commit(node.log.erase(ALICE));
    expect((await node.log.search({ party: ALICE, tenant: TENANT })).items).toEqual([]);
    await expect(node.log.receipt(cid, ALICE)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await node.log.receipt(cid, BOB)).records[0]?.key).toBeDefined();
    const held = { party: 'legal-retention', tenant: TENANT };
    expect((await node.log.search(held)).items).toHaveLength(1);
    expect((await node.log.inclusion(cid)).leafIndex).toBe(0);
    expect((await node.log.verifySelf()).ok).toBe(true);
    expect(() => node.log.erase('legal-retention')).toThrow(/not a person/);

    await node.store.commit(node.log.endRetention(Date.parse('2040-01-01')));
    expect((await node.log.search(held)).items).toEqual([]);
  });

  it('leaves no name of a party in the tables', async () => {
    const node = await open(folder());
    await record(node, body(), [ALICE, BOB]);
    const rows = await node.store.read(
      'select r.*, k.* from log_record r join log_key k on k.cid = r.cid',
    );
    expect(rows).toHaveLength(3);
    const raw = JSON.stringify(rows, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
    );
    expect(raw).not.toContain('did:example');
  });
});

describe('preparing a record', () => {
  it('is refused where the body lacks what the log needs, or is too large', async () => {
    const { log } = await open(folder());
    const prepare =
      (content: Record<string, unknown>, parties = [ALICE]) =>
      () =>
        log.recorder.prepare(content, parties);
    expect(prepare({ ...body(), at: 'yesterday' })).toThrow(/instant/);
    expect(prepare({ ...body(), op: 5 })).toThrow(/record.op/);
    expect(prepare({ ...body(), tenant: '' })).toThrow(/record.tenant/);
    expect(prepare({ ...body(), when: undefined })).toThrow(/DAG-CBOR/);
    expect(prepare({ ...body(), note: 'x'.repeat(70_000) })).toThrow(/at most/);
    expect(
      prepare(
        body(),
        Array.from({ length: 33 }, (_, i) => `did:${i}`),
      ),
    ).toThrow(/parties/);
    expect(prepare(body(), [''])).toThrow(/party/);
  });

  it('gives the same body another CID every time, so that a CID tells nothing', async () => {
    const { log } = await open(folder());
    const same = body();
    const cids = [1, 2].map(() => log.recorder.prepare(same, [ALICE]).cid);
    expect(new Set(cids).size).toBe(2);
  });
});
