import { fail } from '@anarq/common-schemas';

const SEED_MAX = 2n ** 64n - 1n;

/** @throws INPUT_INVALID for what is no whole number of 64 bits */
export function checkSeed(seed: string): void {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(seed) || BigInt(seed) > SEED_MAX)
    fail('INPUT_INVALID', `A seed is a whole number from 0 to ${SEED_MAX}.`, { seed });
}
