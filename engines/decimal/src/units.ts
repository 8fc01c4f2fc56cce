import { refuse } from './error.ts';

/** A unit in which amounts are kept: whole units are split into 10^scale minor ones. */
export interface Unit {
  readonly name: string;
  /** Decimal places. For currencies the minor unit of ISO 4217:2015 (list one). */
  readonly scale: number;
  /** Three-digit code of ISO 4217, where the unit is a currency of it. */
  readonly isoNumeric?: string;
}

const currency = (name: string, scale: number, isoNumeric: string): Unit => ({
  name,
  scale,
  isoNumeric,
});
const other = (name: string, scale: number): Unit => ({ name, scale });

/**
 * Every unit of the node, by its code. A scale never changes: amounts that were recorded in minor
 * units would change their meaning. rUv counts in millionths; QVT as its token contract does.
 */
export const UNITS: Readonly<Record<string, Unit>> = {
  // Units of account of the node, and of the chains that it reads
  rUv: other('Resource Utilization Voucher', 6),
  QVT: other('QuantumVibe Token', 18),
  BTC: other('Bitcoin', 8),
  ETH: other('Ether', 18),
  SOL: other('Solana', 9),
  USDC: other('USD Coin', 6),
  // Currencies, ISO 4217
  AED: currency('UAE Dirham', 2, '784'),
  ARS: currency('Argentine Peso', 2, '032'),
  AUD: currency('Australian Dollar', 2, '036'),
  BHD: currency('Bahraini Dinar', 3, '048'),
  BRL: currency('Brazilian Real', 2, '986'),
  CAD: currency('Canadian Dollar', 2, '124'),
  CHF: currency('Swiss Franc', 2, '756'),
  CLF: currency('Unidad de Fomento', 4, '990'),
  CLP: currency('Chilean Peso', 0, '152'),
  CNY: currency('Yuan Renminbi', 2, '156'),
  COP: currency('Colombian Peso', 2, '170'),
  CZK: currency('Czech Koruna', 2, '203'),
  DKK: currency('Danish Krone', 2, '208'),
  EUR: currency('Euro', 2, '978'),
  GBP: currency('Pound Sterling', 2, '826'),
  HKD: currency('Hong Kong Dollar', 2, '344'),
  HUF: currency('Forint', 2, '348'),
  IDR: currency('Rupiah', 2, '360'),
  ILS: currency('New Israeli Sheqel', 2, '376'),
  INR: currency('Indian Rupee', 2, '356'),
  ISK: currency('Iceland Krona', 0, '352'),
  JOD: currency('Jordanian Dinar', 3, '400'),
  JPY: currency('Yen', 0, '392'),
  KES: currency('Kenyan Shilling', 2, '404'),
  KRW: currency('Won', 0, '410'),
  KWD: currency('Kuwaiti Dinar', 3, '414'),
  MXN: currency('Mexican Peso', 2, '484'),
  MYR: currency('Malaysian Ringgit', 2, '458'),
  NGN: currency('Naira', 2, '566'),
  NOK: currency('Norwegian Krone', 2, '578'),
  NZD: currency('New Zealand Dollar', 2, '554'),
  OMR: currency('Rial Omani', 3, '512'),
  PEN: currency('Sol', 2, '604'),
  PHP: currency('Philippine Peso', 2, '608'),
  PLN: currency('Zloty', 2, '985'),
  SAR: currency('Saudi Riyal', 2, '682'),
  SEK: currency('Swedish Krona', 2, '752'),
  SGD: currency('Singapore Dollar', 2, '702'),
  THB: currency('Baht', 2, '764'),
  TND: currency('Tunisian Dinar', 3, '788'),
  USD: currency('US Dollar', 2, '840'),
  UYU: currency('Peso Uruguayo', 2, '858'),
  VND: currency('Dong', 0, '704'),
  ZAR: currency('Rand', 2, '710'),
};

/**
 * The unit of a code; upper and lower case differ.
 * @throws DecimalError for a code that is not in UNITS
 */
export function unitOf(code: string): Unit {
  const unit = Object.hasOwn(UNITS, code) ? UNITS[code] : undefined;
  return unit ?? refuse(`the unit ${JSON.stringify(String(code).slice(0, 16))} is unknown`);
}
