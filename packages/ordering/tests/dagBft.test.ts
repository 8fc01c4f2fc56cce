import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importPrivateKey, signSingle } from '@anarq/crypto';
import { decodeEntry } from '@anarq/dag';
import type { Person } from '@anarq/validator/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chunksOf, encodeChunks, spaceDigest } from '../src/dagBft/chunks.ts';
import {
  CommitFeed,
  openDagBftOrdering,
  type Applier,
  type DagBftOrderingOptions,
  type OrderingEngine,
} from '../src/index.ts';
import { batches, describesAnOrder } from './conformance.ts';
import { FakeChain, FakeValidator, personOf } from './fakeChain.ts';
import { FileApplier } from './fileApplier.ts';

const SPACE = 'books';
const LARGE = 200_000;

const accountFor = (at: number): DagBftOrderingOptions['account'] => {
  const { account: id, publicKey } = personOf(at);
  const key = importPrivateKey(
    'mldsa65',
    new Uint8Array(32).map((_, index) => (index === 0 ? 3 : index === 1 ? at : 7)),
  );
  return { id, publicKey, sign: (bytes) => signSingle(key, bytes) };
};

/** A chain, and nodes that order by it. */
class Nodes {
  readonly chain: FakeChain;
  readonly people: readonly Person[];
  readonly folder: string;
  readonly validators = new Map<number, FakeValidator>();

  constructor(
    folder: string,
    count: number,
    options: ConstructorParameters<typeof FakeChain>[1] = {},
  ) {
    this.folder = folder;
    this.people = Array.from({ length: count }, (_, at) => personOf(at));
    this.chain = new FakeChain(this.people, options);
  }

  open(
    at: number,
    applier: Applier,
    options: Partial<DagBftOrderingOptions> = {},
    begin = this.validators.get(at)?.begin,
  ): OrderingEngine {
    void this.validators.get(at)?.close();
    const feed = new CommitFeed();
    const validator = new FakeValidator(this.chain, feed.archive, begin);
    this.validators.set(at, validator);
    return openDagBftOrdering({
      // What the engine uses of it is there.
      validator: validator as FakeValidator & DagBftOrderingOptions['validator'],
      feed,
      folder: join(this.folder, `joins-${at}`),
      space: SPACE,
      members: this.people.map(({ account }) => account),
      account: accountFor(at),
      fee: 1n,
      again_ms: 100,
      applier,
      onError: () => undefined,
      ...options,
    });
  }

  async close(): Promise<void> {
    for (const validator of this.validators.values()) await validator.close();
    this.chain.close();
  }
}

describe('an order by a chain', () => {
  describesAnOrder('dag-bft', {
    nodes: 2,
    propertyRuns: 6,
    makeWorld: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'dag-'));
      const nodes = new Nodes(folder, 2);
      return {
        open: async (node, applier, limits) => nodes.open(node, applier, { limits: { ...limits } }),
        close: async () => {
          await nodes.close();
          await rm(folder, { recursive: true, force: true });
        },
      };
    },
  });
});

describe('an order by a chain, as it goes wrong', () => {
  let folder: string;
  let nodes: Nodes;
  const undo: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dag-'));
    nodes = new Nodes(folder, 2);
  });
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
    await nodes.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(at: number, options: Partial<DagBftOrderingOptions> = {}, begin?: number) {
    const applier = await FileApplier.open(join(folder, `books-${at}`));
    const engine = nodes.open(at, applier, options, begin);
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> =>
      (closing ??= (async () => {
        await engine.close();
        await applier.close();
      })());
    undo.push(close);
    return { applier, engine, close };
  }

  it('waits for a certificate where that is asked for', async () => {
    const { engine } = await start(0);
    let isFinal = false;
    const final = engine.submit(batches(0, 1)[0]!, { level: 'Finalized' }).then((answer) => {
      isFinal = true;
      return answer;
    });
    await engine.submit(batches(1, 2)[0]!);
    expect(isFinal).toBe(false);
    while (nodes.chain.commits.length < 5) nodes.chain.commit();
    expect((await final).level).toBe('Finalized');
  });

  it('hands in again what got lost, until there is a receipt', async () => {
    let lost = 0;
    nodes.chain.loses = () => lost++ < 3;
    const { engine, applier } = await start(0);
    await Promise.all(batches(0, 3).map((each) => engine.submit(each)));
    expect(applier.keys).toHaveLength(3);
    expect(engine.status().counts.resubmitted).toBeGreaterThan(0);
  });

  it('lets a batch of several parts act when it has all of them, and not before, over a restart', async () => {
    const [a, b] = [await start(0), await start(1)];
    // Of the parts of the large one the second is lost, over and over.
    let isLosing = true;
    const isSecond = (entry: Uint8Array): boolean => {
      const [transaction] = decodeEntry(nodes.chain.chainId, entry).transactions;
      return transaction?.nonce === 2n && transaction.account === nodes.people[0]!.account;
    };
    nodes.chain.loses = (entry) => isLosing && isSecond(entry);
    const large = { key: 'large', bytes: new Uint8Array(LARGE).fill(3) };
    const brought = a.engine.submit(large);
    await b.engine.submit(batches(0, 1)[0]!);
    const receipts = () => nodes.chain.commits.flatMap((commit) => commit.receipts);
    const first = nodes.people[0]!.account;
    await expect.poll(() => receipts().filter(({ account }) => account === first).length).toBe(3);
    await expect.poll(() => b.applier.keys).toEqual(['k0']);
    await b.close();
    const again = await start(1);
    isLosing = false;
    await brought;
    await expect.poll(() => again.applier.keys).toEqual(['k0', 'large']);
    await expect.poll(() => a.applier.keys).toEqual(['k0', 'large']);
    expect(again.applier.brought.at(-1)?.bytes).toEqual(large.bytes);
    expect(again.applier.stateHash).toBe(a.applier.stateHash);
  });

  it('registers its account first, where the chain does not know its key', async () => {
    nodes.chain.close();
    nodes = new Nodes(join(folder, 'new'), 2, { registered: false });
    const { engine, applier } = await start(0);
    expect(engine.status().state).toBe('catchingUp');
    await Promise.all(batches(0, 3).map((each) => engine.submit(each)));
    expect(applier.keys).toHaveLength(3);
    expect(engine.status().state).toBe('ready');
  });

  it('says so where the account cannot pay for that', async () => {
    nodes.chain.close();
    nodes = new Nodes(join(folder, 'new'), 1, { registered: false, balance: 0n });
    const { engine } = await start(0);
    await expect(engine.submit(batches(0, 1)[0]!)).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
  });

  it('takes another nonce where another process of its account was faster', async () => {
    const { engine, applier } = await start(0);
    const person = nodes.people[0]!;
    const chainId = Buffer.from(nodes.chain.chainId).toString('hex');
    // The other's transaction is in the order before those of this process.
    const other = encodeChunks(spaceDigest(SPACE), chunksOf('other', new Uint8Array(3)));
    nodes.chain.take(person.sign(chainId, person.make({ kind: 'data', bytes: other })));
    await Promise.all(batches(0, 5).map((each) => engine.submit(each)));
    expect(new Set(applier.keys)).toEqual(new Set(['other', 'k0', 'k1', 'k2', 'k3', 'k4']));
  });

  it('says that the account of the node cannot pay', async () => {
    nodes.chain.close();
    nodes = new Nodes(join(folder, 'poor'), 1, { balance: 2n });
    const { engine } = await start(0, { fee: 2n });
    await engine.submit(batches(0, 1)[0]!);
    await expect(engine.submit(batches(1, 2)[0]!)).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
  });

  it('passes over what is of no member, of another ledger, or of no form, at every node alike', async () => {
    const stranger = personOf(77);
    nodes.chain.close();
    nodes = new Nodes(join(folder, 'more'), 2);
    const chain = new FakeChain([...nodes.people, stranger]);
    Object.assign(nodes, { chain });
    const [a, b] = [await start(0), await start(1)];
    const chainId = Buffer.from(chain.chainId).toString('hex');
    const space = spaceDigest(SPACE);
    const payload = encodeChunks(space, chunksOf('forged', new Uint8Array(3)));
    chain.take(stranger.sign(chainId, stranger.make({ kind: 'data', bytes: payload })));
    const member = nodes.people[1]!;
    for (const bytes of [
      encodeChunks(spaceDigest('elsewhere'), chunksOf('elsewhere', new Uint8Array(3))),
      payload.subarray(0, payload.length - 1),
      new Uint8Array(0),
    ])
      chain.take(member.sign(chainId, member.make({ kind: 'data', bytes })));
    await a.engine.submit(batches(0, 1)[0]!);
    for (const { applier } of [a, b]) await expect.poll(() => applier.keys).toEqual(['k0']);
    expect(a.engine.status().counts.foreign).toBe(4);
  });

  it('stops where commits are missing between its books and the chain', async () => {
    const a = await start(0);
    await a.engine.submit(batches(0, 1)[0]!);
    await a.close();
    for (let commit = 0; commit < 5; commit++) nodes.chain.commit();
    const again = await start(0, {}, 5);
    await expect.poll(() => again.engine.status().state).toBe('failed');
    expect(again.engine.status().why).toMatch(/what lies between is not here/);
    await expect(again.engine.submit(batches(1, 2)[0]!)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
  });

  it('begins in the middle of a chain only where it is told to', async () => {
    for (let commit = 0; commit < 5; commit++) nodes.chain.commit();
    const refused = await start(0, {}, 4);
    await expect.poll(() => refused.engine.status().state).toBe('failed');
    await refused.close();
    const begun = await start(0, { beginsAnew: true }, 4);
    await begun.engine.submit(batches(0, 1)[0]!);
    expect(begun.applier.keys).toEqual(['k0']);
  });

  it('stops where its validator took over a state, stopped, or saw a fork', async () => {
    for (const event of [
      { kind: 'adopted', commits: 99, seq: 9 },
      { kind: 'stopped', reason: 'the disk is gone' },
      { kind: 'fork', seq: 3 },
    ] as const) {
      const node = await start(0);
      nodes.validators.get(0)!.tell(event);
      expect(node.engine.status().state).toBe('failed');
      await node.close();
    }
  });

  it('refuses an account that is not of its key, or no member', () => {
    const applier = {
      applied: () => 0n,
      history: () => ({ sequence: 0n, key: undefined, digest: '' }),
      apply: async () => [],
    };
    const account = accountFor(0);
    expect(() => nodes.open(0, applier, { account: { ...account, id: '00'.repeat(32) } })).toThrow(
      /first public key/,
    );
    expect(() => nodes.open(0, applier, { members: [] })).toThrow(/members/);
  });
});
