import { decodeProof } from '@anarq/dag';
import { afterEach, describe, expect, it } from 'vitest';
import type { Person } from '../src/testing/index.ts';
import { FUNDS, seedOf, TestChain, until } from './testChain.ts';

let chain: TestChain;
afterEach(async () => {
  await chain.close();
});

const stateOf = (at: number, id: string) => chain.at(at).validator.status(id)?.state;
const everybodyHas = async (id: string, state: string, nodes = [0, 1, 2, 3]) => {
  for (const at of nodes)
    await until(`${id} is ${state} at ${at}`, () => stateOf(at, id) === state);
};
const person = (at: number): Person => chain.people[at]!;
const refused = (code: string) => expect.objectContaining({ code });

describe('four validators', () => {
  it('make a transfer final, and its proof holds without them', async () => {
    chain = new TestChain(4, 2);
    await chain.start();
    const [ana, ben] = [person(0), person(1)];
    const entry = ana.sign(chain.chainId, ana.pay(ben.account, 250n));
    const [id = ''] = await chain.at(0).validator.submit(entry);
    await everybodyHas(id, 'Finalized');
    const { validator, events } = chain.at(0);
    expect(validator.account(ben.account)?.balance).toBe(FUNDS + 250n);
    expect(validator.account(ana.account)).toMatchObject({ balance: FUNDS - 251n, nonce: 1n });
    expect(chain.check(validator.receiptProof(id))).toMatchObject({
      holds: true,
      receipt: { id, code: 'OK' },
    });
    expect(chain.check(validator.accountProof(ben.account))).toMatchObject({ holds: true });
    expect(chain.check(validator.certificate())).toMatchObject({ holds: true });
    const states = events.flatMap((event) =>
      event.kind === 'state' && event.id === id ? [event.state] : [],
    );
    expect(states).toEqual([
      'Signed',
      'Broadcast',
      'Validating',
      'Voting',
      'Confirming',
      'Confirmed',
      'Finalized',
    ]);
    expect(events.filter(({ kind }) => kind === 'balance')).toEqual(
      expect.arrayContaining([
        { kind: 'balance', account: ben.account, balance: FUNDS + 250n },
        { kind: 'balance', account: ana.account, balance: FUNDS - 251n },
        { kind: 'balance', account: chain.treasury.account, balance: 1n },
      ]),
    );
    expect(validator.chain()).toMatchObject({
      epoch: 0,
      isValidator: true,
      supply: 3n * FUNDS,
      faultModel: { name: 'dag-bft', faults_max: 1 },
    });
    const roots = new Set([0, 1, 2, 3].map((at) => chain.at(at).validator.chain().stateRoot));
    expect(roots.size).toBe(1);
  });

  it('carry out 256 transactions under one signature, once, however often they are handed in', async () => {
    chain = new TestChain(4, 2);
    await chain.start();
    const [ana, ben] = [person(0), person(1)];
    const transactions = Array.from({ length: 256 }, () => ana.pay(ben.account, 1n));
    const entry = ana.sign(chain.chainId, ...transactions);
    const handed = await Promise.all(
      [0, 1, 2, 3].map((at) => chain.at(at).validator.submit(entry)),
    );
    const ids = handed[0]!;
    expect(ids).toHaveLength(256);
    for (const id of [ids[0]!, ids[255]!]) await everybodyHas(id, 'Finalized');
    // Again, after all is over, at each of them.
    for (const at of [0, 1, 2, 3]) expect(await chain.at(at).validator.submit(entry)).toEqual(ids);
    const last = ben.sign(chain.chainId, ben.pay(ana.account, 1n));
    const [id = ''] = await chain.at(1).validator.submit(last);
    await everybodyHas(id, 'Finalized');
    for (const at of [0, 1, 2, 3]) {
      expect(chain.at(at).validator.account(ben.account)?.balance).toBe(FUNDS + 256n - 2n);
      expect(chain.at(at).validator.account(ana.account)?.nonce).toBe(256n);
      expect(ids.every((each) => stateOf(at, each) === 'Finalized')).toBe(true);
    }
  });

  it('put the bytes of others in one order, told to whoever listens', async () => {
    chain = new TestChain(4, 2);
    await chain.start();
    const bytes = (person_: Person, value: number) =>
      person_.sign(
        chain.chainId,
        person_.make({ kind: 'data', bytes: new Uint8Array(600).fill(value) }),
      );
    const submitted = [0, 1, 2, 3].map((at) =>
      chain.at(at).validator.submit(bytes(person(at % 2), at)),
    );
    for (const [id = ''] of await Promise.all(submitted)) await everybodyHas(id, 'Finalized');
    const orders = [0, 1, 2, 3].map((at) =>
      chain
        .at(at)
        .events.flatMap((event) => (event.kind === 'executed' ? event.data : []))
        .map((data) => data.bytes[0]),
    );
    expect(orders[0]?.toSorted()).toEqual([0, 1, 2, 3]);
    for (const order of orders) expect(order).toEqual(orders[0]);
  });

  it('refuse what cannot succeed, and say why', async () => {
    chain = new TestChain(4, 2);
    await chain.start();
    const { validator } = chain.at(0);
    const [ana, ben] = [person(0), person(1)];
    const sign = (transaction: Parameters<Person['sign']>[1], who = ana) =>
      validator.submit(who.sign(chain.chainId, transaction));
    await expect(sign(ana.pay(ben.account, 2n * FUNDS))).rejects.toEqual(
      refused('INSUFFICIENT_FUNDS'),
    );
    await expect(sign({ ...ana.pay(ben.account, 1n), nonce: 500n })).rejects.toEqual(
      refused('LIMIT_EXCEEDED'),
    );
    await expect(sign({ ...ana.pay(ben.account, 1n), nonce: 0n })).rejects.toEqual(
      refused('STATE_CONFLICT'),
    );
    await expect(sign({ ...ana.pay(ben.account, 1n), fee: 0n })).rejects.toEqual(
      refused('INPUT_INVALID'),
    );
    await expect(sign({ ...ana.pay(ben.account, 1n), notAfter_ms: 1 })).rejects.toEqual(
      refused('TIME_EXPIRED'),
    );
    const short = new Uint8Array(1_951);
    for (const transaction of [
      ana.make({ kind: 'changeKey', publicKey: short }),
      chain.authority.make({ kind: 'setValidators', publicKeys: [short] }),
    ]) {
      const who = transaction.account === ana.account ? ana : chain.authority;
      await expect(sign({ ...transaction, nonce: 1n }, who)).rejects.toEqual(
        refused('INPUT_INVALID'),
      );
    }
    const forged = ana.sign(chain.chainId, { ...ana.pay(ben.account, 1n), nonce: 1n });
    forged[forged.length - 1]! ^= 1;
    await expect(validator.submit(forged)).rejects.toEqual(refused('SIGNATURE_INVALID'));
    const elsewhere = ana.sign('ab'.repeat(32), { ...ana.pay(ben.account, 1n), nonce: 1n });
    await expect(validator.submit(elsewhere)).rejects.toEqual(refused('SIGNATURE_INVALID'));
    await expect(validator.submit(new Uint8Array(70_000))).rejects.toEqual(
      refused('INPUT_TOO_LARGE'),
    );
    await expect(validator.submit(new Uint8Array(10))).rejects.toEqual(refused('INPUT_INVALID'));
    expect(validator.account(ana.account)).toMatchObject({ balance: FUNDS, nonce: 0n });
  });

  it('give one of two transactions for one nonce a receipt that says it came too late', async () => {
    chain = new TestChain(4, 2);
    await chain.start();
    const [ana, ben] = [person(0), person(1)];
    const first = ana.pay(ben.account, 10n);
    const second = { ...ana.pay(ben.account, 20n), nonce: first.nonce };
    const ids = await Promise.all([
      chain.at(0).validator.submit(ana.sign(chain.chainId, first)),
      chain.at(1).validator.submit(ana.sign(chain.chainId, second)),
    ]);
    const both = ids.map(([id = '']) => id);
    const ended = await until('both have ended', () => {
      const states = both.map((id) => chain.at(2).validator.status(id));
      return states.every((status) => status?.checkpoint !== undefined) && states;
    });
    expect(ended.map((status) => status?.state).toSorted()).toEqual(['Finalized', 'Rejected']);
    const loser = ended.find((status) => status?.state === 'Rejected');
    expect(loser?.code).toBe('NONCE_USED');
    const proof = await until('the last one has a certificate too', () =>
      chain.at(3).validator.receiptProof(loser?.id ?? ''),
    );
    expect(chain.check(proof)).toMatchObject({
      holds: true,
      receipt: { code: 'NONCE_USED' },
    });
  });

  it('tell when a transaction can no longer be carried out', async () => {
    chain = new TestChain(4, 2);
    await chain.start();
    const [ana, ben] = [person(0), person(1)];
    chain.hub.cutOff(chain.keys[0]!.publicKeyHex);
    const transaction = { ...ana.pay(ben.account, 10n), notAfter_ms: Date.now() + 1_000 };
    const [id = ''] = await chain.at(0).validator.submit(ana.sign(chain.chainId, transaction));
    // What counts is the chain's own time, which comes behind the clock.
    await until(
      'the chain is past its time',
      () => chain.at(1).validator.chain().finalized.time_ms > transaction.notAfter_ms,
    );
    chain.hub.heal();
    await until('it is told', () => stateOf(0, id) === 'Expired');
    expect(chain.at(1).validator.account(ana.account)?.balance).toBe(FUNDS);
  });
});

describe('one validator alone', () => {
  it('makes a chain that anybody can check', async () => {
    chain = new TestChain(1, 2);
    await chain.start();
    const [ana, ben] = [person(0), person(1)];
    const entry = ana.sign(chain.chainId, ana.pay(ben.account, 3n));
    const [id = ''] = await chain.at(0).validator.submit(entry);
    await everybodyHas(id, 'Finalized', [0]);
    expect(chain.check(chain.at(0).validator.receiptProof(id))).toMatchObject({ holds: true });
    expect(chain.at(0).validator.chain().faultModel.faults_max).toBe(0);
  });
});

describe('a follower', () => {
  it('follows without a key in the committee, and hands on what is handed in', async () => {
    chain = new TestChain(4, 2);
    await chain.start();
    const follower = await chain.openAs(4, undefined);
    const [ana, ben] = [person(0), person(1)];
    const entry = ana.sign(chain.chainId, ana.pay(ben.account, 77n));
    const [id = ''] = await follower.validator.submit(entry);
    await everybodyHas(id, 'Finalized', [0, 4]);
    expect(follower.validator.chain()).toMatchObject({ isValidator: false });
    expect(follower.validator.account(ben.account)?.balance).toBe(FUNDS + 77n);
    expect(chain.check(follower.validator.receiptProof(id))).toMatchObject({ holds: true });
  });
});

describe('epochs', () => {
  it('take in a validator that the authority names, and prove what came before and after', async () => {
    chain = new TestChain(4, 2, { epoch_ms: 1_500, checkpoint_ms: 150 });
    await chain.start();
    const [ana, ben] = [person(0), person(1)];
    const [early = ''] = await chain
      .at(0)
      .validator.submit(ana.sign(chain.chainId, ana.pay(ben.account, 1n)));
    await everybodyHas(early, 'Finalized');
    const certificate = chain.at(0).validator.certificate();
    const fifth = await chain.openAs(4, seedOf(5, 0));
    const keys = [...chain.genesis.validators, Buffer.from(fifth.network.publicKey, 'hex')];
    const { authority } = chain;
    const named = authority.sign(
      chain.chainId,
      authority.make({ kind: 'setValidators', publicKeys: keys }),
    );
    await chain.at(1).validator.submit(named);
    await until('the fifth is a validator', () => fifth.validator.chain().isValidator);
    const [late = ''] = await fifth.validator.submit(
      ben.sign(chain.chainId, ben.pay(ana.account, 5n)),
    );
    await everybodyHas(late, 'Finalized', [0, 1, 2, 3, 4]);
    expect(fifth.validator.chain().validators).toHaveLength(5);
    expect(chain.at(0).events.some(({ kind }) => kind === 'epoch')).toBe(true);
    expect(chain.at(0).network.validators).toHaveLength(5);
    // From the first validators on, through the epochs since.
    expect(chain.check(fifth.validator.receiptProof(late))).toMatchObject({ holds: true });
    expect(chain.check(certificate)).toMatchObject({ holds: true });
    // However many epochs go by after that: where the same validators stay, a proof does not grow.
    const { epoch } = chain.at(0).validator.chain();
    await until('epochs went by', () => chain.at(0).validator.chain().epoch > epoch + 1);
    const later = chain.at(0).validator.accountProof(ben.account) ?? new Uint8Array();
    expect(decodeProof(later).trail).toHaveLength(1);
    expect(chain.check(later)).toMatchObject({ holds: true });
  });
});
