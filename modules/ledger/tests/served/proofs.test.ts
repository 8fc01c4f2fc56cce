import { QError } from '@anarq/common-schemas';
import {
  readAccountsNote,
  readTransfersNote,
  verifyBalanceProof,
  verifyTransferProof,
} from '@anarq/ledger-engine';
import { accountOf, transferOf } from '@anarq/ledger-engine/testing';
import type { Actor } from '@anarq/testing';
import { parseVkey } from '@anarq/tlog';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledger } from '../../src/contract.ts';
import { readBalanceProof, readTransferProof } from '../../src/engine/index.ts';
import { batch, openAccounts, Payments, serveNode, type ServedNode } from './servedNode.ts';

describe('the books of a node', () => {
  let served: ServedNode;
  let alice: Actor;
  let payments: Payments;

  beforeEach(async () => {
    served = await serveNode();
    alice = await served.node.person('alice');
    payments = new Payments(served.node.kernel.node.tenant);
  });
  afterEach(() => served.close());

  const moveSome = async (): Promise<void> => {
    await openAccounts(alice, ['world', 'till']);
    const client = await served.connect(alice);
    await client.createTransfers(
      batch(payments.pay(1, 'world', 'till', 150), payments.pay(2, 'world', 'till', 50)),
    );
  };
  /** Asks until the last checkpoint has it. */
  const insist = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;)
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof QError) || error.code !== 'SERVICE_UNAVAILABLE') throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
  };
  const ofTill = () => insist(() => alice.call(ledger.proveBalance, { accountId: 'till' }));

  it('are signed, and a transfer and a balance are proved offline by the public key', async () => {
    await moveSome();
    const { key } = await alice.call(ledger.checkpoint, {});
    const vkey = parseVkey(key);
    const transferId = payments.name(2);
    const transfer = readTransferProof(await alice.call(ledger.proveTransfer, { transferId }));
    expect(verifyTransferProof(transfer, vkey)).toBe(true);
    expect(transferOf(transfer.record)).toMatchObject({ id: payments.id(2), amount: 50n });
    const balance = readBalanceProof(await ofTill());
    expect(verifyBalanceProof(balance, vkey)).toBe(true);
    expect(accountOf(balance.record)).toMatchObject({
      id: payments.account('till'),
      creditsPosted: 200n,
    });
    // Neither stands for anything else.
    expect(verifyTransferProof({ ...transfer, ordinal: 0 }, vkey)).toBe(false);
    const more = new Uint8Array(balance.record);
    more[16] = (more[16] ?? 0) + 1;
    expect(verifyBalanceProof({ ...balance, record: more }, vkey)).toBe(false);
  });

  it('are proved for those who may read the account, and for nobody else', async () => {
    await moveSome();
    const bob = await served.node.person('bob');
    for (const result of [
      await bob.result(ledger.proveBalance, { accountId: 'till' }),
      await bob.result(ledger.proveTransfer, { transferId: payments.name(1) }),
    ])
      expect(result.code).toBe('QINDEX_NOT_FOUND');
    // The notes themselves say nothing of anybody.
    const notes = await bob.call(ledger.checkpoint, {});
    const vkey = parseVkey(notes.key);
    expect(readTransfersNote(notes.transfers, vkey)?.size).toBe(notes.events);
    // One leaf says where the books stand, the two others are accounts.
    expect(readAccountsNote(notes.accounts, vkey)?.size).toBe(3);
  });

  it('have no checkpoint while nothing is in them, and one of accounts alone then', async () => {
    const empty = await alice.result(ledger.checkpoint, {});
    expect(empty.code).toBe('STATE_CONFLICT');
    await openAccounts(alice, ['world', 'till']);
    expect(await alice.call(ledger.checkpoint, {})).toMatchObject({ events: 0 });
  });

  it('are signed under the same key after a restart, and only ever grow', async () => {
    await moveSome();
    await ofTill();
    const before = await alice.call(ledger.checkpoint, {});
    await served.restart();
    await (
      await served.connect(alice)
    ).createTransfers(batch(payments.pay(3, 'world', 'till', 100)));
    const proof = await alice.call(ledger.proveTransfer, { transferId: payments.name(3) });
    expect(proof.key).toBe(before.key);
    expect(verifyTransferProof(readTransferProof(proof), parseVkey(before.key))).toBe(true);
    const after = await alice.call(ledger.checkpoint, {});
    expect(after.events).toBeGreaterThan(before.events);
  });
});
