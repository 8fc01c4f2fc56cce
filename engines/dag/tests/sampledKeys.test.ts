import { describe, expect, it } from 'vitest';
import { IdealKeys, simulateDag, type SignatureScheme } from '../src/testing/index.ts';
import { hexOf } from '../src/hash.ts';

/** A scheme that can be wrong in a way; the true one is checked by `./q sim dag --signatures` and its test. */
function schemeThat(wrong: Partial<SignatureScheme>): SignatureScheme {
  const keys = new IdealKeys();
  return {
    keyPair: (seed) => {
      const publicKey = keys.make(hexOf(seed));
      return { publicKey, sign: (message) => keys.sign(publicKey, message) };
    },
    verify: keys.verify,
    ...wrong,
  };
}
const run = (scheme: SignatureScheme, share = 0.5) =>
  simulateDag({
    seed: 3,
    nodes: 4,
    byzantine: 1,
    strategy: 'badSignature',
    fault: 'none',
    faulty_ms: 0,
    quiet_ms: 6_000,
    signatures: { scheme, share },
  });

describe('a run that samples signatures', () => {
  it('is quiet about an algorithm that finds what is forged', () => {
    const { violations, signatures } = run(schemeThat({}));
    expect(violations).toEqual([]);
    expect(signatures?.forged).toBeGreaterThan(0);
  });

  it('is the same run whatever the share is, and checks about that share', () => {
    const [few, many] = [0.05, 0.8].map((share) => {
      const { signatures, ...rest } = run(schemeThat({}), share);
      const { verified = 0, checked = 0 } = signatures ?? {};
      expect(Math.abs(verified / checked - share)).toBeLessThan(0.05);
      return rest;
    });
    expect(few).toEqual(many);
  });

  it('finds an algorithm that lets a forgery pass', () => {
    const { violations } = run(schemeThat({ verify: () => true }));
    expect(violations).toContain('a signature that its owner never made holds for the algorithm');
  });

  it('finds an algorithm that refuses what was signed', () => {
    const { violations } = run(schemeThat({ verify: () => false }));
    expect(violations).toContain('a signature that its owner made does not hold for the algorithm');
  });
});
