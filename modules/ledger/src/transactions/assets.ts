import { fail } from '@anarq/common-schemas';
import { UNITS } from '@anarq/decimal';
import { UNIT_CHARS_MAX } from '../books/unitNumbers.ts';

/**
 * A unit as a template writes it: its code in capital letters, as the language asks for, and its decimal
 * places, since a template counts in minor units. Euro are EUR/2, yen JPY, rUv RUV/6.
 */
const assetOf = (code: string, scale: number): string =>
  `${code.toUpperCase()}${scale === 0 ? '' : `/${scale}`}`;

/** Units of the ledger by their asset, and assets by the code alone. */
const UNIT_OF = new Map<string, string>();
const ASSET_OF = new Map<string, string>();
for (const [code, { scale }] of Object.entries(UNITS)) {
  if (code.length > UNIT_CHARS_MAX) continue;
  const asset = assetOf(code, scale);
  UNIT_OF.set(asset, code);
  ASSET_OF.set(code.toUpperCase(), asset);
}

/**
 * The unit that a template means.
 * @throws INPUT_INVALID for an asset that is no unit of the ledger, or has other decimal places
 */
export function unitOfAsset(asset: string): string {
  const unit = UNIT_OF.get(asset);
  if (unit !== undefined) return unit;
  const [code = ''] = asset.split('/');
  const known = ASSET_OF.get(code);
  return fail(
    'INPUT_INVALID',
    known === undefined
      ? `The ledger keeps no unit ${asset}.`
      : `A template writes ${code} as ${known}: it counts in minor units.`,
    { asset, ...(known === undefined ? {} : { expected: known }) },
  );
}

/** The unit of an asset, or none. */
export const unitOrNone = (asset: string): string | undefined => UNIT_OF.get(asset);
