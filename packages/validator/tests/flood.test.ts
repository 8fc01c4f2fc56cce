import { randomBytes } from 'node:crypto';
import { importPrivateKey, signSingle } from '@anarq/crypto';
import { chainIdOf, encodeMessage, hexOf, voteMessage } from '@anarq/dag';
import { afterEach, expect, it } from 'vitest';
import { checkInPool, type CheckSignature } from '../src/signatures.ts';
import type { MemoryNetwork } from '../src/testing/index.ts';
import { seedOf, TestChain, until } from './testChain.ts';

let chain: TestChain;
afterEach(async () => {
  await chain.close();
});

const FLOOD = 300;
const HONEST = 20;

/** A vote as a validator signs it; `isForged`: with a signature of nobody. */
function voteOf(at: number, seq: number, isForged = false): Uint8Array {
  const digest = new Uint8Array(32).fill(seq);
  const vote = { epoch: 0, seq, digest, validator: at, signature: new Uint8Array() };
  const signature = isForged
    ? new Uint8Array(randomBytes(3_309))
    : signSingle(
        importPrivateKey('mldsa65', seedOf(2, at)),
        voteMessage(chainIdOf(chain.genesis), vote),
      );
  return encodeMessage({ kind: 'vote', vote: { ...vote, signature } });
}

it('beside a validator that floods, two others have two thirds of what is checked, until they have all', async () => {
  chain = new TestChain(4, 1, { checks_max: 1 });
  const opened = Promise.withResolvers<void>();
  const checked: string[] = [];
  const check: CheckSignature = async (signed) => {
    await opened.promise;
    checked.push(hexOf(signed.publicKey));
    return checkInPool(signed);
  };
  await chain.open(0, { checkSignature: check });
  const [to, first, second, flooder] = chain.keys.map(({ publicKeyHex }) => publicKeyHex);
  const join = (key = ''): MemoryNetwork => chain.hub.join(key);

  const liar = join(flooder);
  for (let at = 0; at < FLOOD; at += 1) liar.send(to ?? '', voteOf(3, 1 + (at % 200), at % 2 > 0));
  for (const [at, key] of [first, second].entries()) {
    const peer = join(key);
    for (let seq = 1; seq < HONEST; seq += 1) peer.send(to ?? '', voteOf(1 + at, seq));
    // The last one is reported: so it is seen when it has come through.
    peer.send(to ?? '', voteOf(1 + at, HONEST, true));
  }
  await new Promise(setImmediate);
  opened.resolve();
  const { reports } = chain.at(0).network;
  const isThrough = (key = '') => reports.some(({ peer }) => peer === key);
  await until('both are through', () => isThrough(first) && isThrough(second));

  const last = Math.max(checked.lastIndexOf(first ?? ''), checked.lastIndexOf(second ?? ''));
  const before = checked.slice(0, last + 1);
  expect(before.filter((key) => key === first || key === second)).toHaveLength(2 * HONEST);
  expect(before.filter((key) => key === flooder).length).toBeLessThanOrEqual(HONEST + 1);
  // And nothing of the flood is lost for that: it has what the others do not need.
  await until('the flood is through', () => checked.length === FLOOD + 2 * HONEST);
});

it('a validator that asks all the time is answered a part of it', async () => {
  chain = new TestChain(4, 1);
  const liar = chain.hub.join(chain.keys[3]!.publicKeyHex);
  let stopped_ms = Infinity;
  const now_ms = (): number => Math.min(stopped_ms, Date.now());
  for (const at of [0, 1, 2]) await chain.open(at, { now_ms });
  const to = chain.keys[0]!.publicKeyHex;
  let answers = 0;
  chain.hub.onFrame = (from, frame, peer) => {
    if (from === to && peer === liar.publicKey && frame[1] === 2) answers += 1;
  };
  const want = {
    kind: 'want',
    epoch: 0,
    fromRound: 1,
    fromSeq: 1,
    here: [],
    isOwn: false,
  } as const;
  // Its own blocks it said already; those of others are here once there is a second round.
  await until('there is something to answer', () => chain.at(0).validator.chain().round >= 2);
  stopped_ms = Date.now();
  for (let at = 0; at < 500; at += 1) liar.send(to, encodeMessage(want));
  liar.send(to, new Uint8Array());
  await until('all was heard', () => chain.at(0).network.reports.length > 0);
  await until('it is answered', () => answers > 0);
  // Once, and once more for what was still on its way to it.
  expect(answers).toBeLessThanOrEqual(4);
});
