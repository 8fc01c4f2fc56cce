import {
  accountIn,
  beginningOf,
  chainIdOf,
  checkProof,
  decodeEntry,
  decodeProof,
  encodeProof,
  carryOut,
  hexOf,
  stateRoot,
} from '@anarq/dag';
import { importPublicKey, verifySingle } from '@anarq/crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Person } from '../src/testing/index.ts';
import { FUNDS, TestChain, until } from './testChain.ts';

/**
 * What the published implementation of the specification gets wrong, each by its name: it keeps no balances in its
 * snapshots, checks neither nonce nor signature, lets anybody mint, commits to no money in its state root, takes the
 * fee of a transfer that then fails, and calls a vertex final after one vote.
 */
let chain: TestChain;
afterEach(async () => {
  await chain.close();
});

const person = (at: number): Person => chain.people[at]!;

async function carriedOut(at: number, entry: Uint8Array, state = 'Finalized'): Promise<string> {
  const [id = ''] = await chain.at(at).validator.submit(entry);
  await until(`it is ${state}`, () => {
    const status = chain.at(at).validator.status(id);
    return status?.state === state && status.checkpoint !== undefined;
  });
  return id;
}

describe('a defect of the published implementation is not here', () => {
  it('restart keeps balances', async () => {
    chain = new TestChain(1, 2);
    await chain.start();
    await carriedOut(0, person(0).sign(chain.chainId, person(0).pay(person(1).account, 123n)));
    const { stateRoot: root } = chain.at(0).validator.chain();
    await chain.at(0).validator.close();
    await chain.open(0);
    const { validator } = chain.at(0);
    expect(validator.account(person(1).account)?.balance).toBe(FUNDS + 123n);
    expect(validator.account(person(0).account)).toMatchObject({
      balance: FUNDS - 124n,
      nonce: 1n,
      publicKey: person(0).publicKeyHex,
    });
    expect(validator.chain()).toMatchObject({ stateRoot: root, supply: 3n * FUNDS });
  });

  it('replay refused', async () => {
    chain = new TestChain(1, 2);
    await chain.start();
    const transaction = person(0).pay(person(1).account, 50n);
    const entry = person(0).sign(chain.chainId, transaction);
    const id = await carriedOut(0, entry);
    // The very bytes, and the same transaction under another signature: both are the one that is carried out.
    const again = person(0).sign(chain.chainId, transaction);
    expect(Buffer.compare(entry, again)).not.toBe(0);
    expect(await chain.at(0).validator.submit(entry)).toEqual([id]);
    expect(await chain.at(0).validator.submit(again)).toEqual([id]);
    await chain.at(0).validator.close();
    await chain.open(0);
    await chain.at(0).validator.submit(again);
    // And on another chain, where the account has money too.
    const elsewhere = person(0).sign('cd'.repeat(32), person(0).pay(person(1).account, 50n));
    await expect(chain.at(0).validator.submit(elsewhere)).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
    person(0).nonce -= 1n;
    await carriedOut(0, person(0).sign(chain.chainId, person(0).pay(person(1).account, 1n)));
    expect(chain.at(0).validator.account(person(1).account)?.balance).toBe(FUNDS + 51n);
  });

  it('unauthorised mint refused', async () => {
    chain = new TestChain(1, 2);
    await chain.start();
    const mint = { kind: 'mint', to: person(0).account, amount: 1_000n } as const;
    const id = await carriedOut(0, person(0).sign(chain.chainId, person(0).make(mint)), 'Rejected');
    const { validator } = chain.at(0);
    expect(validator.status(id)?.code).toBe('NOT_AUTHORISED');
    expect(validator.chain().supply).toBe(3n * FUNDS);
    expect(validator.account(person(0).account)?.balance).toBe(FUNDS);
    const { authority } = chain;
    await carriedOut(0, authority.sign(chain.chainId, authority.make(mint)));
    expect(validator.chain().supply).toBe(3n * FUNDS + 1_000n);
    expect(validator.account(person(0).account)?.balance).toBe(FUNDS + 1_000n);
  });

  it('state root changes with one balance', async () => {
    chain = new TestChain(1, 3);
    const roots = [FUNDS, FUNDS + 1n].map((balance) => {
      const accounts = chain.genesis.accounts.map((account, at) =>
        at === 2 ? { ...account, balance } : account,
      );
      return hexOf(stateRoot(beginningOf({ ...chain.genesis, accounts }).executed.state));
    });
    expect(new Set(roots).size).toBe(2);
    await chain.start();
    const before = chain.at(0).validator.chain();
    await carriedOut(0, person(0).sign(chain.chainId, person(0).pay(person(1).account, 1n)));
    const after = chain.at(0).validator.chain();
    expect(after.supply).toBe(before.supply);
    expect(after.stateRoot).not.toBe(before.stateRoot);
    expect(after.finalized.stateRoot).toBe(after.stateRoot);
  });

  it('failed transfer changes nothing', async () => {
    chain = new TestChain(1, 2);
    await chain.start();
    // All but the fee is there: what takes the fee first, and then fails, would keep it.
    const chainId = chainIdOf(chain.genesis);
    const { state } = beginningOf(chain.genesis).executed;
    const all = person(0).pay(person(1).account, FUNDS);
    const entry = decodeEntry(chainId, person(0).sign(chain.chainId, all));
    const done = carryOut(state, entry, 0, chain.genesis.time_ms + 1);
    expect(done.receipt?.code).toBe('BALANCE_TOO_LOW');
    for (const { account } of [person(0), person(1), chain.treasury])
      expect(accountIn(done.state, account).balance).toBe(accountIn(state, account).balance);
    expect(done.state.supply).toBe(state.supply);
    // On a chain that runs: two that each take all, handed in together; one of them fails.
    person(0).nonce = 0n;
    const [a, b] = [1n, 2n].map(() => person(0).pay(person(1).account, FUNDS - 1n));
    const ids = await Promise.all(
      [a!, b!].map((each) => chain.at(0).validator.submit(person(0).sign(chain.chainId, each))),
    );
    const states = await until('both have ended', () => {
      const both = ids.map(([id = '']) => chain.at(0).validator.status(id));
      return both.every((status) => status?.checkpoint !== undefined) && both;
    });
    // Whichever comes first: their signatures are checked side by side.
    expect(states.map((status) => status?.state).toSorted()).toEqual(['Finalized', 'Rejected']);
    const failed = states.find((status) => status?.state === 'Rejected');
    expect(failed?.code).toBe('BALANCE_TOO_LOW');
    expect(chain.at(0).validator.account(person(0).account)?.balance).toBe(0n);
    expect(chain.at(0).validator.account(person(1).account)?.balance).toBe(2n * FUNDS - 1n);
    expect(chain.at(0).validator.account(chain.treasury.account)?.balance).toBe(1n);
  });

  it('one vote never finalises', async () => {
    chain = new TestChain(4, 2);
    await chain.start();
    const id = await carriedOut(
      1,
      person(0).sign(chain.chainId, person(0).pay(person(1).account, 9n)),
    );
    const proof = decodeProof(chain.at(1).validator.receiptProof(id) ?? new Uint8Array());
    const { checkpoint, signatures } = proof.certificate;
    expect(signatures.length).toBeGreaterThanOrEqual(3);
    const [first] = signatures;
    for (const few of [
      signatures.slice(0, 1),
      signatures.slice(0, 2),
      [first!, first!, first!],
      signatures.slice(0, 3).map((each) => ({ ...each, signature: first!.signature })),
    ]) {
      const shown = checkProof(
        decodeProof(encodeProof({ ...proof, certificate: { checkpoint, signatures: few } })),
        chainIdOf(chain.genesis),
        chain.genesis.validators,
        (publicKey, message, signature) =>
          verifySingle(importPublicKey('mldsa65', publicKey), message, signature),
      );
      expect(shown.holds).toBe(false);
    }
    // A validator that hears nobody votes, and makes nothing final by it.
    chain.hub.cutOff(chain.keys[0]!.publicKeyHex);
    const late = person(1).sign(chain.chainId, person(1).pay(person(0).account, 4n));
    const [lonely = ''] = await chain.at(0).validator.submit(late);
    await carriedOut(2, person(0).sign(chain.chainId, person(0).pay(person(1).account, 1n)));
    const { commits } = chain.at(0).validator.chain();
    const ahead = chain.at(2).validator.chain().round + 20;
    await until('the others went on', () => chain.at(2).validator.chain().round > ahead);
    expect(chain.at(0).validator.chain().commits - commits).toBeLessThanOrEqual(1);
    expect(['Signed', 'Broadcast', 'Validating']).toContain(
      chain.at(0).validator.status(lonely)?.state,
    );
  });
});
