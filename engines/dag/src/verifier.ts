import { decodeAccount, encodeAccount, type Account } from './account.ts';
import {
  decodeCertificate,
  encodeCertificate,
  isCertified,
  type Certificate,
  type Checkpoint,
  type Verify,
} from './checkpoint.ts';
import { Malformed, Reader, Writer } from './bytes.ts';
import { committeeDigest, VALIDATORS_MAX } from './committee.ts';
import { bytesOfHex, DIGEST_BYTES, digestOf, hexOf } from './hash.ts';
import { merklePath, rootByPath } from './merkle.ts';
import type { EpochEnd } from './messages.ts';
import { decodeReceipt, encodeReceipt, rulesOf, type ChainState, type Receipt } from './state.ts';
import { PUBLIC_KEY_BYTES_MAX } from './transaction.ts';
import { lookUp, pathTo, rootBySteps, type Step } from './trie.ts';

/**
 * What somebody holds who knows nothing of a chain but its first validators, and wants to be sure of one thing
 * in it: the ends of the epochs since, a certificate, and the way from the thing to what was certified.
 */
export interface Proof {
  readonly trail: readonly EpochEnd[];
  readonly certificate: Certificate;
  readonly subject: ReceiptProof | AccountProof | undefined;
}

interface ReceiptProof {
  readonly kind: 'receipt';
  readonly receipt: Uint8Array;
  readonly index: number;
  readonly path: readonly Uint8Array[];
}

interface AccountProof {
  readonly kind: 'account';
  readonly id: string;
  readonly account: Uint8Array;
  readonly steps: readonly Step[];
  /** What the state root covers beside the accounts. */
  readonly rules: Uint8Array;
}

/** What a proof shows, where it holds. */
export type Shown =
  | { readonly holds: false; readonly why: string }
  | {
      readonly holds: true;
      readonly checkpoint: Checkpoint;
      readonly receipt?: Receipt;
      readonly account?: { readonly id: string } & Account;
    };

/** A proof of what became of a transaction. @param receipts all of the checkpoint, in order */
export function receiptProof(receipts: readonly Receipt[], index: number): ReceiptProof {
  const leaves = receipts.map(encodeReceipt);
  const receipt = leaves[index];
  if (receipt === undefined) throw new RangeError(`there is no receipt ${index}`);
  return { kind: 'receipt', receipt, index, path: merklePath(leaves, index) };
}

/** A proof of what an account had; undefined where there is no such account. */
export function accountProof(state: ChainState, id: string): AccountProof | undefined {
  const account = lookUp(state.accounts, id);
  const steps = pathTo(state.accounts, id, encodeAccount);
  if (account === undefined || steps === undefined) return undefined;
  return { kind: 'account', id, account: encodeAccount(account), steps, rules: rulesOf(state) };
}

/**
 * Those ends of epochs that a proof needs: after which others than before were the validators.
 * @param trail in the order of epochs
 * @param first the validators with which the chain began
 * @param epoch of the certificate that is to be shown
 */
export function endsNeeded(
  trail: readonly EpochEnd[],
  first: readonly Uint8Array[],
  epoch: number,
): readonly EpochEnd[] {
  let keys = hexOf(committeeDigest(first));
  return trail.filter(({ certificate: { checkpoint }, nextKeys }) => {
    const next = hexOf(committeeDigest(nextKeys));
    if (checkpoint.epoch >= epoch || next === keys) return false;
    keys = next;
    return true;
  });
}

/**
 * Checks a proof by the chain's id and its first validators alone. Ends of epochs after which the same validators
 * stayed may be left out: whoever is the committee signs for it, and who was replaced signs for nothing later.
 * @param verify checks one ML-DSA-65 signature
 */
export function checkProof(
  proof: Proof,
  chainId: Uint8Array,
  validators: readonly Uint8Array[],
  verify: Verify,
): Shown {
  const no = (why: string): Shown => ({ holds: false, why });
  const { checkpoint } = proof.certificate;
  let keys = validators;
  let epoch = 0;
  for (const { certificate, nextKeys } of proof.trail) {
    const end = certificate.checkpoint;
    if (end.epoch >= checkpoint.epoch) break;
    if (end.epoch < epoch || !end.endsEpoch) return no('the ends of epochs are not in their order');
    if (hexOf(end.chainId) !== hexOf(chainId)) return no('an epoch of another chain');
    if (!isCertified(certificate, keys, verify))
      return no(`no quorum signed the end of epoch ${end.epoch}`);
    if (hexOf(committeeDigest(nextKeys)) !== hexOf(end.validatorsNextHash))
      return no(`epoch ${end.epoch + 1} has other validators than epoch ${end.epoch} named`);
    keys = nextKeys;
    epoch = end.epoch + 1;
  }
  if (checkpoint.epoch < epoch) return no('the ends of epochs are not in their order');
  if (hexOf(checkpoint.chainId) !== hexOf(chainId)) return no('a certificate of another chain');
  if (!isCertified(proof.certificate, keys, verify)) return no('no quorum signed the certificate');
  const { subject } = proof;
  if (subject === undefined) return { holds: true, checkpoint };
  return subject.kind === 'receipt'
    ? shownReceipt(subject, checkpoint)
    : shownAccount(subject, checkpoint);
}

function shownReceipt({ receipt, index, path }: ReceiptProof, checkpoint: Checkpoint): Shown {
  const root = rootByPath(receipt, index, checkpoint.receipts, path);
  if (root === undefined || hexOf(root) !== hexOf(checkpoint.receiptsRoot))
    return { holds: false, why: 'the receipt is not among those that were certified' };
  return { holds: true, checkpoint, receipt: decodeReceipt(receipt) };
}

function shownAccount({ id, account, steps, rules }: AccountProof, checkpoint: Checkpoint): Shown {
  const root = rootBySteps(id, account, steps);
  if (root === undefined || hexOf(digestOf('state', root, rules)) !== hexOf(checkpoint.stateRoot))
    return { holds: false, why: 'the account is not as it was certified' };
  return { holds: true, checkpoint, account: { id, ...decodeAccount(account) } };
}

/** A proof in bytes, as it is handed on. */
export function encodeProof({ trail, certificate, subject }: Proof): Uint8Array {
  const writer = new Writer().u32(trail.length);
  for (const { certificate: end, nextKeys } of trail) {
    writer.bytes(encodeCertificate(end)).u32(nextKeys.length);
    for (const key of nextKeys) writer.bytes(key);
  }
  writer.bytes(encodeCertificate(certificate));
  if (subject === undefined) return writer.u8(0).done();
  if (subject.kind === 'receipt') {
    writer.u8(1).bytes(subject.receipt).u32(subject.index).u32(subject.path.length);
    for (const digest of subject.path) writer.raw(digest);
    return writer.done();
  }
  writer.u8(2).raw(bytesOfHex(subject.id)).bytes(subject.account).u32(subject.steps.length);
  for (const { bit, beside } of subject.steps) writer.u16(bit).raw(beside);
  return writer.bytes(subject.rules).done();
}

const EPOCHS_MAX = 1 << 16;
const CERTIFICATE_BYTES_MAX = 1 << 19;
const THING_BYTES_MAX = 1 << 14;
const STEPS_MAX = 256;

/** @throws Malformed */
export function decodeProof(bytes: Uint8Array): Proof {
  const reader = new Reader(bytes);
  const certificateIn = () => decodeCertificate(reader.bytes(CERTIFICATE_BYTES_MAX));
  const trail = Array.from({ length: reader.count(EPOCHS_MAX) }, () => ({
    certificate: certificateIn(),
    nextKeys: Array.from({ length: reader.count(VALIDATORS_MAX) }, () =>
      Uint8Array.from(reader.bytes(PUBLIC_KEY_BYTES_MAX)),
    ),
  }));
  const certificate = certificateIn();
  const subject = readSubject(reader);
  reader.end();
  return { trail, certificate, subject };
}

function readSubject(reader: Reader): Proof['subject'] {
  const digest = () => Uint8Array.from(reader.raw(DIGEST_BYTES));
  switch (reader.u8()) {
    case 0:
      return undefined;
    case 1:
      return {
        kind: 'receipt',
        receipt: Uint8Array.from(reader.bytes(THING_BYTES_MAX)),
        index: reader.u32(),
        path: Array.from({ length: reader.count(STEPS_MAX) }, digest),
      };
    case 2:
      return {
        kind: 'account',
        id: hexOf(reader.raw(DIGEST_BYTES)),
        account: Uint8Array.from(reader.bytes(THING_BYTES_MAX)),
        steps: Array.from({ length: reader.count(STEPS_MAX) }, () => ({
          bit: reader.u16(),
          beside: digest(),
        })),
        rules: Uint8Array.from(reader.bytes(THING_BYTES_MAX)),
      };
    default:
      throw new Malformed('there is no proof of such a thing');
  }
}
