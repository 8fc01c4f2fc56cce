import { describe, expect, it } from 'vitest';
import { doubtIn } from '../src/adoption.ts';
import { sealedBlock, type Block, type Ref, type UnsealedBlock } from '../src/block.ts';
import {
  checkpointDigest,
  checkpointMessage,
  voteMessage,
  type Checkpoint,
} from '../src/checkpoint.ts';
import { committeeDigest } from '../src/committee.ts';
import { Dag } from '../src/dag.ts';
import { EpochRun } from '../src/epochRun.ts';
import { nextCommittee } from '../src/executor.ts';
import { Finality } from '../src/finality.ts';
import { hexOf } from '../src/hash.ts';
import { History } from '../src/history.ts';
import { Mempool } from '../src/mempool.ts';
import type { Effect, EpochEnd, Snapshot } from '../src/messages.ts';
import { DagNode } from '../src/node.ts';
import { orderDigest } from '../src/order.ts';
import { blocksNamed } from '../src/serving.ts';
import { DEFAULT_SETTINGS } from '../src/settings.ts';
import { stateRoot } from '../src/state.ts';
import { Waiting } from '../src/waiting.ts';
import {
  ana,
  ben,
  chainId,
  committee,
  entryBytes,
  executed,
  keys,
  TIME_MS,
  transactionOf,
  transfer,
  validators,
} from './chain.ts';

const peers = validators.map(hexOf);
const genesisRefs = [...new Dag(committee, executed.epochBegan_ms).in(0)].map(({ ref }) => ref);

function blockOf(author: number, round: number, more: Partial<UnsealedBlock> = {}): Block {
  const block = {
    epoch: 0,
    round,
    author,
    parents: genesisRefs,
    weakParents: [],
    entries: [],
    evidence: [],
    time_ms: TIME_MS + round,
    ...more,
  };
  return sealedBlock(chainId, block, keys.sign(validators[author]!, chainId));
}
const refsOf = (blocks: readonly Block[]): readonly Ref[] => blocks.map(({ ref }) => ref);
const unknown = (round: number, author: number, at: number): Ref => ({
  round,
  author,
  digest: at.toString(16).padStart(64, '0'),
});
const newRun = () => new EpochRun(committee, executed, DEFAULT_SETTINGS);
const newNode = () =>
  new DagNode(
    { ...DEFAULT_SETTINGS, publicKey: validators[0]! },
    { committee, executed, trail: [], blocks: [] },
    TIME_MS,
  );
const sentTo = (effects: readonly Effect[], to: string) =>
  effects.flatMap((effect) => (effect.kind === 'send' && effect.to === to ? [effect.message] : []));

/** Takes full rounds of blocks, each of which builds on all of the round before. */
const roundsIn = (run: EpochRun, count: number): Block[][] =>
  Array.from({ length: count }, (_, at) => at + 1).reduce<Block[][]>((all, round) => {
    const parents = round === 1 ? genesisRefs : refsOf(all.at(-1)!);
    const blocks = validators.map((_, author) => blockOf(author, round, { parents }));
    for (const block of blocks) expect(run.receive(block, '').kind).toBe('accepted');
    return [...all, blocks];
  }, []);

describe('a reference', () => {
  it('with another author beside its digest does not make several votes of one', () => {
    const run = newRun();
    const [first] = roundsIn(run, 1);
    const { digest } = first![3]!.ref;
    const parents = [0, 1, 2].map((author) => ({ round: 1, author, digest }));
    expect(run.receive(blockOf(3, 2, { parents }), '')).toMatchObject({
      kind: 'malformed',
      reason: 'a parent is of another author or round than it says',
    });
  });

  it('that lies is found too where the block that it names comes later', () => {
    const run = newRun();
    const votes = validators.map((_, author) => blockOf(author, 1));
    const { digest } = votes[3]!.ref;
    const parents = [0, 1, 2].map((author) => ({ round: 1, author, digest }));
    const liar = blockOf(3, 2, { parents });
    expect(run.receive(liar, '').kind).toBe('waiting');
    for (const block of votes) run.receive(block, '');
    expect(run.dag.has(liar.ref)).toBe(false);
  });

  it('reaches no block that others forgot, brings one block an author, and one of its own', () => {
    const run = newRun();
    const all = roundsIn(run, 44);
    const parents = refsOf(all.at(-1)!);
    const weak = (...weakParents: Ref[]) =>
      run.receive(blockOf(1, 45, { parents: parents.slice(1), weakParents }), '');
    expect(weak(all[3]![0]!.ref)).toMatchObject({ reason: 'a weak parent is out of reach' });
    expect(weak(all[20]![0]!.ref, all[21]![0]!.ref)).toMatchObject({
      reason: 'two of its weak parents are of one author',
    });
    expect(weak(all[20]![1]!.ref)).toMatchObject({
      reason: 'it builds on two blocks of its author',
    });
    expect(weak(all[20]![0]!.ref).kind).toBe('accepted');
  });
});

describe('blocks that build on what nobody has', () => {
  it('take the room of their author, and of nobody else', () => {
    const run = newRun();
    for (let at = 0; at < 5_000; at += 1) {
      const weakParents = [unknown(1, 2, at)];
      run.receive(blockOf(3, 3 + (at % 190), { parents: unknownParents(at), weakParents }), '');
    }
    expect(run.waiting.size).toBeLessThanOrEqual(100);
    expect(run.waiting.missing).toBeLessThanOrEqual(2_000);
    const [one] = [blockOf(1, 1)];
    const honest = blockOf(1, 2, { parents: [one.ref, unknown(1, 0, 1), unknown(1, 2, 2)] });
    expect(run.receive(honest, '').kind).toBe('waiting');

    function unknownParents(at: number): readonly Ref[] {
      const round = 2 + (at % 190);
      return [0, 1, 2].map((author) => unknown(round, author, 10_000 + 3 * at + author));
    }
  });

  it('do not take the turns of others when what is missing is asked for', () => {
    const waiting = new Waiting({ blocks_max: 100, bytes_max: 1 << 20, missing_max: 2_000 });
    for (let at = 0; at < 90; at += 1) {
      const missing = [0, 1, 2].map((author) => unknown(1, author, 3 * at + author));
      waiting.add(blockOf(3, 5 + at), missing, peers[3]!);
    }
    const wanted = unknown(90, 0, 5_000);
    waiting.add(blockOf(1, 91), [wanted], peers[1]!);
    expect(
      waiting.toAsk(0, { askFirst_ms: 0, askAgain_ms: 300 }, 64).map(({ ref }) => ref),
    ).toContainEqual(wanted);
  });

  it('make room for a block of the same author that others need', () => {
    const waiting = new Waiting({ blocks_max: 10, bytes_max: 1 << 20, missing_max: 100 });
    for (let at = 0; at < 10; at += 1)
      expect(waiting.add(blockOf(3, 5 + at), [unknown(1, 0, at)], '')).toBe(true);
    const needed = blockOf(3, 2);
    expect(waiting.add(needed, [unknown(1, 1, 77)], '')).toBe(false);
    waiting.add(blockOf(1, 3), [needed.ref], '');
    expect(waiting.add(needed, [unknown(1, 1, 77)], '')).toBe(true);
  });

  it('of one author and round are two at most, waiting or not', () => {
    const run = newRun();
    const kinds = [0, 1, 2, 3].map(
      (at) =>
        run.receive(blockOf(3, 2, { parents: [0, 1, 2].map((a) => unknown(1, a, 9 * at + a)) }), '')
          .kind,
    );
    expect(kinds).toEqual(['waiting', 'waiting', 'surplus', 'surplus']);
  });
});

describe('a node', () => {
  it('goes on where its clock went an hour ahead and back', () => {
    const node = newNode();
    const sealed: number[] = [];
    let now_ms = TIME_MS;
    const step = (jump_ms: number) => {
      for (let at = 0; at < 100; at += 1) {
        now_ms += 20;
        for (const effect of node.step({ kind: 'tick', now_ms: now_ms + jump_ms }))
          if (effect.kind === 'seal') {
            const { round, parents } = effect.block;
            sealed.push(round);
            node.step({ kind: 'sealed', block: blockOf(0, round, { ...effect.block }) });
            for (const author of [1, 2, 3])
              node.step({
                kind: 'message',
                from: peers[author]!,
                message: { kind: 'block', block: blockOf(author, round, { parents }) },
              });
          }
      }
      return sealed.length;
    };
    const before = step(3_600_000);
    expect(before).toBeGreaterThan(10);
    expect(step(0) - before).toBeGreaterThan(10);
  });

  it('whose driver had no turn for long takes nobody for silent: what came meanwhile was not heard yet', () => {
    const node = newNode();
    const asks = (passed_ms: number): number =>
      node
        .step({ kind: 'tick', now_ms: (now_ms += passed_ms) })
        .filter((effect) => effect.kind === 'send' && effect.message.kind === 'want').length;
    let now_ms = TIME_MS;
    // The first tick asks: it knows of nothing that was said.
    expect(asks(20)).toBeGreaterThan(0);
    expect(asks(60_000)).toBe(0);
    expect(Array.from({ length: 10 }, () => asks(100)).some((count) => count > 0)).toBe(true);
  });

  it('asks everybody who speaks of what it has not, whoever spoke before', () => {
    const node = newNode();
    const ahead = (from: string) => sentTo(node.step({ kind: 'ahead', from, epoch: 9 }), from);
    expect(ahead(peers[3]!)).toMatchObject([{ kind: 'want' }]);
    expect(ahead(peers[3]!)).toEqual([]);
    expect(ahead(peers[1]!)).toMatchObject([{ kind: 'want' }]);
  });
});

describe('an answer', () => {
  it('has the blocks that are there, whatever else is asked for', () => {
    const run = newRun();
    const rounds = roundsIn(run, 8);
    run.dag.prune(5);
    const { ref } = rounds[6]![1]!;
    expect(blocksNamed(run, [unknown(2, 2, 5), ref])).toMatchObject([{ ref }]);
    expect(blocksNamed(run, [unknown(2, 2, 5)])).toBeUndefined();
  });
});

describe('what waits for a block', () => {
  const entries = [1n, 2n, 3n].map((nonce) =>
    entryBytes(ana, transactionOf(ana, nonce, transfer(ben, 1n))),
  );

  it('waits again, before all else, where its block will never be in order', () => {
    const mempool = new Mempool(100, 1 << 20);
    mempool.add(entries[0]!);
    expect(mempool.take(7, 0)).toEqual([entries[0]]);
    mempool.add(entries[1]!);
    mempool.again(7);
    expect(mempool.size).toBe(1);
    mempool.again(8);
    expect(mempool.take(60, 0)).toEqual(entries.slice(0, 2));
    mempool.done(entries);
    mempool.again(Infinity);
    expect(mempool.size).toBe(0);
  });

  it('is of many accounts: one alone does not take all the room', () => {
    const mempool = new Mempool(16, 1 << 20);
    expect(entries.map((entry) => mempool.add(entry))).toEqual(['added', 'added', 'full']);
    const other = entryBytes(ben, transactionOf(ben, 1n, transfer(ana, 1n)));
    expect(mempool.add(other)).toBe('added');
    mempool.take(1, 0);
    expect(mempool.add(entries[2]!)).toBe('added');
  });
});

const checkpointOf = (more: Partial<Checkpoint> = {}): Checkpoint => ({
  chainId,
  epoch: 0,
  seq: 1,
  round: 9,
  time_ms: TIME_MS,
  commits: executed.commits,
  commitDigest: executed.commitDigest,
  stateRoot: stateRoot(executed.state),
  receiptsRoot: new Uint8Array(32),
  receipts: 0,
  supply: executed.state.supply,
  orderDigest: orderDigest(executed),
  validatorsNextHash: committeeDigest(validators),
  endsEpoch: false,
  ...more,
});
const certificateOf = (checkpoint: Checkpoint, by: readonly Uint8Array[] = validators) => ({
  checkpoint,
  signatures: [0, 1, 2].map((validator) => ({
    validator,
    signature: keys.sign(by[validator]!, checkpointMessage(checkpoint)),
  })),
});
const endOf = (more: Partial<Checkpoint>, nextKeys: readonly Uint8Array[]): EpochEnd => ({
  certificate: certificateOf(
    checkpointOf({ endsEpoch: true, validatorsNextHash: committeeDigest(nextKeys), ...more }),
  ),
  nextKeys,
});

describe('a snapshot', () => {
  const usurpers = [0, 1, 2, 3].map((at) => keys.make(`usurper ${at}`));
  const next = { ...executed, seq: 8 };
  const snapshotOf = (trail: readonly EpochEnd[], by: readonly Uint8Array[]): Snapshot => ({
    trail,
    certificate: certificateOf(
      checkpointOf({ epoch: 1, seq: 8, orderDigest: orderDigest(next) }),
      by,
    ),
    executed: next,
  });

  it('is believed by a certificate of the validators that follow, whom another chain does not name', () => {
    const own = endOf({ seq: 4 }, usurpers);
    expect(doubtIn(snapshotOf([own], usurpers), committee, keys.verify)).toBeUndefined();
    const elsewhere = endOf({ seq: 4, chainId: new Uint8Array(32).fill(7) }, usurpers);
    expect(doubtIn(snapshotOf([elsewhere], usurpers), committee, keys.verify)).toBe(
      'an epoch is of another chain',
    );
  });

  it('brings no end of an epoch into the history that nobody checked', () => {
    const end = endOf({ seq: 4 }, validators);
    const forged = endOf({ epoch: 7, seq: 1_000_000 }, usurpers);
    const history = new History({ committee, executed, trail: [] });
    const snapshot = snapshotOf([end, forged], validators);
    expect(doubtIn(snapshot, committee, keys.verify)).toBeUndefined();
    history.adopted(snapshot, committee.epoch);
    expect(history.trail).toEqual([end]);
  });

  it('needs the ends of epochs only after which others followed, and the last ones', () => {
    const history = new History({ committee, executed, trail: [] });
    for (let epoch = 0; epoch < 20; epoch += 1) {
      const { certificate } = endOf({ epoch, seq: epoch + 1 }, validators);
      history.certified({ certificate, executed });
    }
    expect(history.trail.map((end) => end.certificate.checkpoint.epoch)).toEqual([
      0, 16, 17, 18, 19,
    ]);
    const certificate = certificateOf(
      checkpointOf({ epoch: 20, seq: 30, orderDigest: orderDigest({ ...executed, seq: 30 }) }),
    );
    const snapshot = { trail: history.trail, certificate, executed: { ...executed, seq: 30 } };
    expect(doubtIn(snapshot, committee, keys.verify)).toBeUndefined();
    const last = history.trail.at(-1)!;
    expect(nextCommittee(last.certificate.checkpoint, last.nextKeys).epoch).toBe(20);
  });
});

describe('a beginning', () => {
  it('stays before an epoch whose committee nobody could be shown yet', () => {
    const history = new History({ committee, executed, trail: [] });
    const { certificate } = endOf({ seq: 4 }, validators);
    const next = nextCommittee(certificate.checkpoint, validators);
    expect(history.begin(committee, { ...executed, seq: 3 }, false).executed.seq).toBe(3);
    expect(history.begin(next, { ...executed, seq: 4 }, false).executed.seq).toBe(3);
    history.certified({ certificate, executed });
    // The end of an epoch further back may still be missing, where a state of others was taken over.
    expect(history.begin(next, { ...executed, seq: 5 }, true).executed.seq).toBe(3);
    expect(history.begin(next, { ...executed, seq: 5 }, false)).toMatchObject({
      committee: { epoch: 1 },
      executed: { seq: 5 },
      trail: [{ certificate }],
    });
  });
});

describe('votes', () => {
  it('for another checkpoint show a fork, also to the one who comes to his own later', () => {
    const finality = new Finality(3, 1, 0);
    const other = checkpointDigest(checkpointOf({ supply: 1n }));
    for (const validator of [1, 2, 3])
      expect(
        finality.voted({ epoch: 0, seq: 1, digest: other, validator, signature: new Uint8Array() }),
      ).toBeUndefined();
    expect(finality.opened(checkpointOf(), executed)).toBe('fork');
  });

  it('say for which checkpoint they are: under another number, epoch or chain none holds', () => {
    const checkpoint = checkpointOf({ seq: 5 });
    const digest = checkpointDigest(checkpoint);
    const signature = keys.sign(validators[1]!, checkpointMessage(checkpoint));
    const holds = (of: Uint8Array, vote: { epoch: number; seq: number; digest: Uint8Array }) =>
      keys.verify(validators[1]!, voteMessage(of, vote), signature);
    const vote = { epoch: 0, seq: 5, digest };
    expect(holds(chainId, vote)).toBe(true);
    expect(holds(chainId, { ...vote, seq: 6 })).toBe(false);
    expect(holds(chainId, { ...vote, epoch: 1 })).toBe(false);
    expect(holds(new Uint8Array(32).fill(7), vote)).toBe(false);
    // Nor is the digest alone a vote, as whoever signs digests of his own choice might be made to sign one.
    expect(keys.verify(validators[1]!, digest, signature)).toBe(false);
  });

  it('that never come leave no state behind for ever', () => {
    const finality = new Finality(3, 1, 0);
    for (let seq = 1; seq <= 1_000; seq += 1) finality.opened(checkpointOf({ seq }), executed);
    expect(finality.oldestOpen).toBe(1_000 - 63);
  });
});
