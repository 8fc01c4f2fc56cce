import { importPublicKey, verifySingle } from '@anarq/crypto';
import {
  bytesOfHex,
  chainIdOf,
  decodeMessage,
  voteMessage,
  type Block,
  type Vote,
} from '@anarq/dag';
import { afterEach, describe, expect, it } from 'vitest';
import { TestChain, until } from './testChain.ts';

let chain: TestChain;
afterEach(async () => {
  await chain.close();
});

const statesOf = (at: number, id: string): readonly string[] =>
  chain
    .at(at)
    .events.flatMap((event) => (event.kind === 'state' && event.id === id ? [event.state] : []));

describe('a transaction', () => {
  it('is validated, comes into the DAG, is voted for, confirmed and final; an invalid one is rejected', async () => {
    chain = new TestChain(4, 2);
    await chain.start();
    const [ana, ben] = [chain.people[0]!, chain.people[1]!];
    // Both can succeed where they are handed in, and only one of them can in order.
    const one = ana.pay(ben.account, 100n);
    const other = { ...ana.pay(ben.account, 200n), nonce: one.nonce };
    const forged = ana.sign(chain.chainId, { ...one, fee: 2n });
    forged[forged.length - 1]! ^= 1;
    await expect(chain.at(0).validator.submit(forged)).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
    const handed = await Promise.all([
      chain.at(0).validator.submit(ana.sign(chain.chainId, one)),
      chain.at(1).validator.submit(ana.sign(chain.chainId, other)),
    ]);
    const ids = handed.flat();
    const ends = await Promise.all(
      ids.map((id, at) =>
        until('it comes to its end', () => {
          const state = statesOf(at, id).at(-1);
          return state === 'Finalized' || state === 'Rejected' ? state : undefined;
        }),
      ),
    );
    expect(ends.toSorted()).toEqual(['Finalized', 'Rejected']);
    const way = ['Signed', 'Broadcast', 'Validating', 'Voting', 'Confirming'];
    const finalAt = ends.indexOf('Finalized');
    expect(statesOf(finalAt, ids[finalAt]!)).toEqual([...way, 'Confirmed', 'Finalized']);
    const rejected = statesOf(1 - finalAt, ids[1 - finalAt]!);
    expect(rejected.at(-1)).toBe('Rejected');
    expect(rejected).not.toContain('Confirmed');
    expect(way).toEqual(expect.arrayContaining(rejected.slice(0, -1)));
    expect([100n, 200n]).toContain(
      chain.at(0).validator.account(ben.account)!.balance - 1_000_000n,
    );
  });
});

describe('what validators say to each other', () => {
  it('is signed with ML-DSA-65 by the one who says it: each block, and each vote for a checkpoint', async () => {
    chain = new TestChain(4, 2);
    const chainId = chainIdOf(chain.genesis);
    const blocks = new Map<string, Block>();
    const votes = new Map<string, Vote>();
    chain.hub.onFrame = (_, frame) => {
      if (frame[0] !== 1) return;
      const message = decodeMessage(chainId, frame);
      if (message.kind === 'block') blocks.set(message.block.ref.digest, message.block);
      if (message.kind === 'vote')
        votes.set(`${message.vote.seq} ${message.vote.validator}`, message.vote);
    };
    await chain.start();
    await until('each has said a block and a vote', () => {
      const authors = new Set([...blocks.values()].map(({ author }) => author));
      const voters = new Set([...votes.values()].map(({ validator }) => validator));
      return authors.size === 4 && voters.size === 4;
    });
    const isSigned = (by: number, message: Uint8Array, signature: Uint8Array) =>
      signature.length === 3_309 &&
      verifySingle(importPublicKey('mldsa65', chain.keys[by]!.publicKey), message, signature);
    for (const { author, ref, signature } of blocks.values())
      expect(isSigned(author, bytesOfHex(ref.digest), signature)).toBe(true);
    for (const vote of votes.values())
      expect(isSigned(vote.validator, voteMessage(chainId, vote), vote.signature)).toBe(true);
    // Under another key nothing of it holds.
    const [{ author, ref, signature } = expect.unreachable('there are blocks')] = blocks.values();
    expect(isSigned((author + 1) % 4, bytesOfHex(ref.digest), signature)).toBe(false);
  });
});
