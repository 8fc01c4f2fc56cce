import { signSingle } from '@anarq/crypto';
import {
  chainIdOf,
  decodeMessage,
  encodeMessage,
  voteMessage,
  type Block,
  type Vote,
} from '@anarq/dag';
import { afterEach, describe, expect, it } from 'vitest';
import type { MemoryNetwork } from '../src/testing/index.ts';
import { firstBlockOf, FUNDS, keyOf, TestChain, until } from './testChain.ts';

let chain: TestChain;
afterEach(async () => {
  await chain.close();
});

const blockOf = (at: number, time_ms: number, chainId?: Uint8Array): Block =>
  firstBlockOf(chain, at, { time_ms }, chainId);

/** Three validators that run, and the place of the fourth, from which the test speaks. */
async function threeAndLiar(settings = {}): Promise<MemoryNetwork> {
  chain = new TestChain(4, 2, { round_ms_min: 20, leader_ms_min: 100, ...settings });
  for (const at of [0, 1, 2]) await chain.open(at);
  return chain.hub.join(chain.keys[3]!.publicKeyHex);
}

const offences = (at: number) => chain.at(at).network.reports.map(({ offence }) => offence);

async function goesOn(): Promise<void> {
  const [ana, ben] = [chain.people[0]!, chain.people[1]!];
  const entry = ana.sign(chain.chainId, ana.pay(ben.account, 1n));
  const [id = ''] = await chain.at(1).validator.submit(entry);
  for (const at of [0, 1, 2])
    await until('it is final', () => chain.at(at).validator.status(id)?.state === 'Finalized');
}

describe('what does not read or does not hold', () => {
  it('changes nothing, and whoever sent it is reported', async () => {
    const liar = await threeAndLiar();
    const to = chain.keys[0]!.publicKeyHex;
    const good = blockOf(3, Date.now());
    const forged: Block = { ...good, signature: blockOf(2, Date.now()).signature };
    const other = new Uint8Array(32).fill(9);
    const frames: [Uint8Array, string][] = [
      [new Uint8Array(), 'malformed'],
      [new Uint8Array(1_000), 'malformed'],
      [Uint8Array.from([1, 1, 255, 255, 255, 255]), 'malformed'],
      [Uint8Array.from([3, 0, 0, 0, 1, 0, 9, 0, 2]), 'malformed'],
      [encodeMessage({ kind: 'block', block: forged }), 'badSignature'],
      // Good on its own chain, and the same keys: here it is nothing.
      [encodeMessage({ kind: 'block', block: blockOf(3, Date.now(), other) }), 'badSignature'],
      [Uint8Array.from([2, ...forgedEntry()]), 'badSignature'],
      [
        encodeMessage({
          kind: 'vote',
          vote: { epoch: 0, seq: 1, digest: other, validator: 3, signature: other },
        }),
        'badSignature',
      ],
    ];
    for (const [frame, offence] of frames) {
      const before = offences(0).length;
      liar.send(to, frame);
      await until('it is reported', () => offences(0).length > before);
      expect(offences(0).at(-1)).toBe(offence);
    }
    expect(chain.at(0).network.reports.every(({ peer }) => peer === liar.publicKey)).toBe(true);
    await goesOn();
    const { validator } = chain.at(0);
    expect(validator.account(chain.people[0]!.account)?.balance).toBe(FUNDS - 2n);
    expect(chain.at(0).events.some(({ kind }) => kind === 'equivocation')).toBe(false);
  });

  it('as an announcement is held against nobody', async () => {
    const liar = await threeAndLiar();
    liar.announce(new Uint8Array(10));
    liar.announce(Uint8Array.from([2, ...forgedEntry()]));
    await goesOn();
    expect([0, 1, 2].flatMap(offences)).toEqual([]);
  });

  function forgedEntry(): Uint8Array {
    const ana = chain.people[0]!;
    const entry = ana.sign(chain.chainId, { ...ana.pay(ana.account, 1n), nonce: 1n });
    ana.nonce -= 1n;
    entry[entry.length - 1]! ^= 1;
    return entry;
  }
});

describe('a block of an epoch that is long over', () => {
  it('is held against nobody: whoever sent it is only behind', async () => {
    const liar = await threeAndLiar({ epoch_ms: 250, checkpoint_ms: 100 });
    await until('two epochs are over', () =>
      [0, 1, 2].every((at) => chain.at(at).validator.chain().epoch >= 2),
    );
    for (const at of [0, 1, 2])
      liar.send(
        chain.keys[at]!.publicKeyHex,
        encodeMessage({ kind: 'block', block: blockOf(3, Date.now()) }),
      );
    await goesOn();
    expect([0, 1, 2].flatMap(offences)).toEqual([]);
  });
});

describe('a vote', () => {
  it('of another validator is nothing under another number, and no offence under its own', async () => {
    const liar = await threeAndLiar();
    const votes: Vote[] = [];
    chain.hub.onFrame = (_, frame) => {
      if (frame[0] !== 1) return;
      const message = decodeMessage(chainIdOf(chain.genesis), frame);
      if (message.kind === 'vote') votes.push(message.vote);
    };
    const to = chain.keys[0]!.publicKeyHex;
    const by = (validator: number) => () => votes.find((vote) => vote.validator === validator);
    for (const validator of [1, 2]) {
      const vote = await until('somebody votes', by(validator));
      const before = offences(0).length;
      liar.send(to, encodeMessage({ kind: 'vote', vote }));
      liar.send(to, encodeMessage({ kind: 'vote', vote: { ...vote, seq: vote.seq + 9 } }));
      await until('it is reported', () => offences(0).length > before);
      expect(offences(0).slice(before)).toEqual(['badSignature']);
    }
    // The checkpoint of that number, which two votes of others would have made look like a fork.
    await until('the chain is there', () => votes.some(({ seq }) => seq > votes[0]!.seq + 9));
    await goesOn();
    expect(chain.at(0).validator.chain().stopped).toBeUndefined();
  });

  it('of more than may be faulty for another history stops a validator', async () => {
    const liar = await threeAndLiar();
    const digest = new Uint8Array(32).fill(7);
    const to = chain.keys[0]!.publicKeyHex;
    const from: [MemoryNetwork, number][] = [
      [chain.at(2).network, 2],
      [liar, 3],
    ];
    // So far ahead that none of theirs has come.
    for (const seq of [1, 2, 3, 4, 5, 6])
      for (const [network, validator] of from) {
        const vote = {
          epoch: 0,
          seq,
          digest,
          validator,
          signature: signSingle(
            keyOf(validator),
            voteMessage(chainIdOf(chain.genesis), { epoch: 0, seq, digest }),
          ),
        };
        network.send(to, encodeMessage({ kind: 'vote', vote }));
      }
    const { validator, events } = chain.at(0);
    await until('it has stopped', () => validator.chain().stopped);
    expect(events.some(({ kind }) => kind === 'fork')).toBe(true);
    await expect(validator.submit(new Uint8Array(10))).rejects.toEqual(
      expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' }),
    );
  });
});

describe('two blocks of one validator for one round', () => {
  it('are told with their proof, and all goes on', async () => {
    const liar = await threeAndLiar();
    const [a, b] = [blockOf(3, Date.now()), blockOf(3, Date.now() + 1)];
    for (const at of [0, 1, 2])
      for (const block of [a, b])
        liar.send(chain.keys[at]!.publicKeyHex, encodeMessage({ kind: 'block', block }));
    for (const at of [0, 1, 2])
      await until('it is told', () =>
        chain
          .at(at)
          .events.some(
            (event) => event.kind === 'equivocation' && event.validator === liar.publicKey,
          ),
      );
    await goesOn();
    expect(offences(0)).toContain('misbehaviour');
  });
});
