import type { Checkpoint } from '@anarq/tlog';
import type { Handover } from './handover.ts';
import type { OpenedRecord, ReceiptVerdict } from './receiptVerdict.ts';

/** Says in sentences what a receipt that verified proves, and what it does not. */
export function statementsOf(found: {
  readonly signer: ReceiptVerdict['signer'];
  readonly postQuantumKey: ReceiptVerdict['postQuantumKey'];
  readonly checkpoint: Checkpoint;
  readonly records: readonly OpenedRecord[];
  readonly unlinked: number;
  /** From the pinned key to the one that signed; empty where the pinned key signed. */
  readonly handedOver: readonly Handover[];
  /** Trees of other processes of the node, and how many of the records each holds. */
  readonly others: readonly { readonly tree: Checkpoint; readonly count: number }[];
}): Pick<ReceiptVerdict, 'proves' | 'doesNotProve'> {
  const { signer, postQuantumKey, checkpoint, records, unlinked, handedOver, others } = found;
  const here = others.reduce((left, { count }) => left - count, records.length);
  const sealed = records.filter(({ body }) => body === null).length;
  const proves = [
    `${here} record(s) are in the log ${checkpoint.origin} among its first ${checkpoint.size} leaves, and were not changed since.`,
    ...others.map(
      ({ tree, count }) =>
        `${count} record(s) are in the log ${tree.origin} of another process of the same node, under the same keys, among its first ${tree.size} leaves.`,
    ),
    `${records.length - sealed} of ${others.length === 0 ? 'them' : 'all'} are shown in clear; no other contents can be shown for the same record.`,
    signer === 'trusted'
      ? handedOver.length === 0
        ? 'The tree was signed with the pinned key of this log.'
        : `The tree was signed with a key that the pinned one handed the log over to: ${handedOver.map(({ at, size }) => `at ${at}, after ${size} leaves`).join('; ')}.`
      : 'The tree was signed with the key that the receipt carries: consistent, signer not trusted.',
  ];
  const doesNotProve = [
    'That what the records say is true: they are what the node recorded.',
    'The time, beyond the clock of the node and of its log.',
    'That the log shows the same tree to everyone: that takes witnesses, or a consistency proof between checkpoints.',
    'That there were no further steps.',
  ];
  if (signer === 'not trusted') {
    doesNotProve.push('Who signed: pin the verifier key of the log, got from its operator.');
  }
  if (postQuantumKey !== 'pinned') {
    doesNotProve.push(
      'Anything against an attacker with a quantum computer: the ML-DSA-44 signature is valid, but its key was not pinned.',
    );
  }
  if (handedOver.length > 0) {
    doesNotProve.push(
      'That the pinned key was only in the hands of its node when it handed the log over: after a theft, pin the new key.',
    );
  }
  if (sealed > 0) doesNotProve.push(`What ${sealed} record(s) sealed to other parties say.`);
  if (unlinked > 0) doesNotProve.push(`That ${unlinked} record(s) are steps of the root record.`);
  return { proves, doesNotProve };
}
