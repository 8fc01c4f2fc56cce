import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accountProof,
  checkpointMessage,
  checkProof,
  committeeDigest,
  decodeProof,
  encodeProof,
  encodeReceipt,
  Malformed,
  merkleRoot,
  receiptProof,
  stateRoot,
  type Certificate,
  type Checkpoint,
  type Proof,
  type Receipt,
} from '../src/index.ts';
import { ana, ben, chainId, executed, keys, TIME_MS, validators } from './chain.ts';

const receipts: Receipt[] = Array.from({ length: 5 }, (_, at) => ({
  id: `${at}f`.repeat(32),
  account: ana.id,
  nonce: BigInt(at),
  code: at === 3 ? 'BALANCE_TOO_LOW' : 'OK',
  time_ms: TIME_MS,
}));
const checkpoint: Checkpoint = {
  chainId,
  epoch: 0,
  seq: 4,
  round: 90,
  time_ms: TIME_MS,
  commits: 30,
  commitDigest: new Uint8Array(32).fill(3),
  stateRoot: stateRoot(executed.state),
  receiptsRoot: merkleRoot(receipts.map(encodeReceipt)),
  receipts: receipts.length,
  supply: executed.state.supply,
  orderDigest: new Uint8Array(32).fill(4),
  validatorsNextHash: committeeDigest(validators),
  endsEpoch: false,
};
const certified = (
  of: Checkpoint,
  by: readonly Uint8Array[],
  signers: readonly number[],
): Certificate => ({
  checkpoint: of,
  signatures: signers.map((validator) => ({
    validator,
    signature: keys.sign(by[validator]!, checkpointMessage(of)),
  })),
});
const certificate = certified(checkpoint, validators, [0, 1, 3]);
const check = (proof: Proof) => checkProof(proof, chainId, validators, keys.verify);
const proofOf = (subject: Proof['subject'], more: Partial<Proof> = {}): Proof => ({
  trail: [],
  certificate,
  subject,
  ...more,
});

/** Whether bytes are no proof, or one of the very same. */
function isHarmless(bytes: Uint8Array): boolean {
  try {
    const shown = check(decodeProof(bytes));
    return !shown.holds || isDeepStrictEqual(shown.receipt, receipts[3]);
  } catch (error) {
    return error instanceof Malformed;
  }
}

describe('a proof', () => {
  it('shows what became of each transaction, and what an account has, by the first validators alone', () => {
    for (const at of receipts.keys())
      expect(check(decodeProof(encodeProof(proofOf(receiptProof(receipts, at)))))).toMatchObject({
        holds: true,
        receipt: receipts[at],
      });
    const subject = accountProof(executed.state, ben.id);
    expect(check(decodeProof(encodeProof(proofOf(subject))))).toMatchObject({
      holds: true,
      account: { id: ben.id, balance: 1_000n },
    });
    expect(accountProof(executed.state, 'ff'.repeat(32))).toBeUndefined();
  });

  it('needs a quorum: neither one vote, nor one vote three times, nor votes of others will do', () => {
    const one = certificate.signatures[0]!;
    for (const signatures of [
      [one],
      [one, one, one],
      certificate.signatures.slice(0, 2),
      [...certificate.signatures.slice(0, 2), { ...one, validator: 2 }],
      certificate.signatures.toReversed(),
      [],
    ])
      expect(check(proofOf(undefined, { certificate: { checkpoint, signatures } }))).toMatchObject({
        holds: false,
        why: 'no quorum signed the certificate',
      });
  });

  it('follows the validators from epoch to epoch, and no way that none of them signed', () => {
    const next = [5, 6, 7, 8].map((at) => keys.make(`validator ${at}`));
    const end = { ...checkpoint, endsEpoch: true, validatorsNextHash: committeeDigest(next) };
    const later = { ...checkpoint, epoch: 1, seq: 9 };
    const trail = [{ certificate: certified(end, validators, [0, 1, 2]), nextKeys: next }];
    const signed = certified(later, next, [0, 2, 3]);
    expect(check(proofOf(undefined, { trail, certificate: signed }))).toMatchObject({
      holds: true,
    });
    expect(check(proofOf(undefined, { certificate: signed }))).toMatchObject({ holds: false });
    // Where the validators stay, the ends of epochs between need not be shown.
    const much = certified({ ...checkpoint, epoch: 40, seq: 999 }, next, [0, 1, 2]);
    expect(check(proofOf(undefined, { trail, certificate: much }))).toMatchObject({ holds: true });
    const usurped = [{ ...trail[0]!, nextKeys: validators }];
    expect(
      check(
        proofOf(undefined, {
          trail: usurped,
          certificate: certified(later, validators, [0, 1, 2]),
        }),
      ),
    ).toMatchObject({ holds: false, why: 'epoch 1 has other validators than epoch 0 named' });
  });

  it('with any one bit changed does not hold, or says the same', () => {
    const bytes = encodeProof(proofOf(receiptProof(receipts, 3)));
    const change = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 7 }));
    for (const [at, bit] of fc.sample(change, { numRuns: 1_500, seed: 3 })) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1 << bit;
      expect({ at, bit, isHarmless: isHarmless(changed) }).toEqual({ at, bit, isHarmless: true });
    }
  });
});
