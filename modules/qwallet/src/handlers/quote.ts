import { handler } from '@anarq/kernel';
import { formatMinor, shareOfBasisPoints } from '@anarq/decimal';
import { readAmount } from '../amounts.ts';
import { qwallet } from '../contract.ts';

export const quote = handler(qwallet.quote, ({ amount, unit, feeBasisPoints = 0 }) => {
  const amountMinor = readAmount(amount, unit);
  const feeMinor = shareOfBasisPoints(amountMinor, BigInt(feeBasisPoints));
  return {
    amount: formatMinor(amountMinor, unit),
    unit,
    feeBasisPoints,
    fee: formatMinor(feeMinor, unit),
    net: formatMinor(amountMinor - feeMinor, unit),
  };
});
