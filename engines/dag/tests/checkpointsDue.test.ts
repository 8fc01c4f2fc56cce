import { describe, expect, it } from 'vitest';
import { sealedBlock, type Block } from '../src/block.ts';
import { Executor } from '../src/executor.ts';
import { DEFAULT_SETTINGS } from '../src/settings.ts';
import {
  ana,
  ben,
  chainId,
  committee,
  entryBytes,
  executed,
  TIME_MS,
  transactionOf,
  type Person,
} from './chain.ts';

const blockOf = (round: number, entries: readonly Uint8Array[], time_ms: number): Block =>
  sealedBlock(
    chainId,
    { epoch: 0, round, author: 0, parents: [], weakParents: [], entries, evidence: [], time_ms },
    new Uint8Array(32),
  );

/** So many transactions that move nothing, each with its fee, under one signature. */
const many = (who: Person, first: bigint, count: number): Uint8Array =>
  entryBytes(
    who,
    ...Array.from({ length: count }, (_, at) =>
      transactionOf(who, first + BigInt(at), { kind: 'data', bytes: new Uint8Array() }),
    ),
  );

/** Carries out one commit after another, and takes every signature for good that is not named. */
class Chain {
  readonly executor = new Executor(committee, executed, DEFAULT_SETTINGS);
  #round = 0;

  commit(after_ms: number, entries: readonly Uint8Array[] = [], isForged = false) {
    this.#round += 1;
    const time_ms = TIME_MS + after_ms;
    const leader = blockOf(this.#round, entries, time_ms);
    const next = { round: this.#round + 1, offset: 0 };
    this.executor.add({ leader, blocks: [leader], time_ms, next });
    for (;;) {
      const { executed: done, checks } = this.executor.run();
      if (checks.length === 0) return done[0];
      const forged = isForged ? checks[0]?.token : undefined;
      this.executor.verdicts(checks.map(({ token }) => ({ token, holds: token !== forged })));
    }
  }
}

describe('a checkpoint', () => {
  it('is due a second after the one before, by the time of the chain', () => {
    const chain = new Chain();
    expect(chain.commit(999)?.checkpoint).toBeUndefined();
    expect(chain.commit(1_000)?.checkpoint).toMatchObject({ seq: 1, commits: 2, receipts: 0 });
    expect(chain.commit(1_999)?.checkpoint).toBeUndefined();
    expect(chain.commit(2_000)?.checkpoint).toMatchObject({ seq: 2, commits: 4 });
  });

  it('is due after a thousand transactions, however soon they come', () => {
    const chain = new Chain();
    expect(chain.commit(1, [many(ana, 1n, 250), many(ana, 251n, 250)])?.checkpoint).toBeUndefined();
    expect(chain.commit(1, [many(ben, 1n, 250), many(ben, 251n, 249)])?.checkpoint).toBeUndefined();
    const due = chain.commit(1, [many(ben, 500n, 1)]);
    expect(due?.checkpoint).toMatchObject({ seq: 1, receipts: 1_000 });
    expect(chain.commit(2)?.checkpoint).toBeUndefined();
  });
});

it('a batch of 256 with a forged signature does nothing, and those beside it in the block are carried out', () => {
  const chain = new Chain();
  const done = chain.commit(1, [many(ana, 1n, 256), many(ben, 1n, 256)], true);
  expect(done?.receipts).toHaveLength(256);
  expect(new Set(done?.receipts.map(({ code }) => code))).toEqual(new Set(['OK']));
  expect(chain.commit(2, [many(ana, 1n, 256)])?.receipts).toHaveLength(256);
});
