import * as d from '@anarq/decimal/arithmetic';
import { BigNumber } from 'bignumber.js';
import { Decimal as Library } from 'decimal.js';
import { figure, type BenchRun, type Figure } from './measuring/figures.ts';

/**
 * Decimal arithmetic beside decimal.js and bignumber.js: the same operands, in turns, in one process.
 * Both peers keep values only; ours keeps the precision too, and notes conditions.
 */
const PRECISION = 34;
const OPERANDS = 1_024;

const ours = new d.Context({ precision: PRECISION, rounding: 'half_even' });
const cents = d.parseDecimal('0.01');
Library.set({ precision: PRECISION, rounding: Library.ROUND_HALF_EVEN });
BigNumber.config({ DECIMAL_PLACES: PRECISION, ROUNDING_MODE: BigNumber.ROUND_HALF_EVEN });

/** Amounts with two places, of the digits that money has: the same ones in each run. */
const amounts = (digits: number): string[] => {
  let state = 88_172_645_463_325_252n;
  const next = (): bigint => {
    // Marsaglia's xorshift, 64 bits.
    state ^= BigInt.asUintN(64, state << 13n);
    state ^= state >> 7n;
    state ^= BigInt.asUintN(64, state << 17n);
    return state;
  };
  return Array.from({ length: OPERANDS }, () => {
    const value = (next() * next()) % 10n ** BigInt(digits);
    const text = value.toString().padStart(3, '0');
    return `${text.slice(0, -2)}.${text.slice(-2)}`;
  });
};

/** Runs an operation over all operands and gives back something of every result, so that none is left out. */
type Side = (rounds: number) => number;

interface Pair {
  readonly name: string;
  readonly conditions: string;
  readonly mine: Side;
  readonly peers: Readonly<Record<string, Side>>;
}

function side<T>(
  values: readonly T[],
  operate: (a: T, b: T) => { readonly length: number } | number,
): Side {
  return (rounds) => {
    let sink = 0;
    for (let round = 0; round < rounds; round += 1)
      for (let at = 0; at < OPERANDS; at += 1) {
        const result = operate(values[at]!, values[(at + round + 1) & (OPERANDS - 1)]!);
        sink += typeof result === 'number' ? result : result.length;
      }
    return sink;
  };
}

function pairs(digits: number): Pair[] {
  const texts = amounts(digits);
  const mine = texts.map(d.parseDecimal);
  const theirs = texts.map((text) => new Library(text));
  const others = texts.map((text) => new BigNumber(text));
  const conditions = `amounts of up to ${digits} digits, two places; precision ${PRECISION}, half-even; ${OPERANDS} operands in turns, one thread`;
  return [
    {
      name: `add, ${digits} digits`,
      conditions,
      mine: side(mine, (a, b) => d.add(ours, a, b).exponent),
      peers: {
        'decimal.js': side(theirs, (a, b) => a.plus(b).e),
        'bignumber.js': side(others, (a, b) => a.plus(b).e ?? 0),
      },
    },
    {
      name: `multiply and round to cents, ${digits} digits`,
      conditions,
      mine: side(mine, (a, b) => d.quantize(ours, d.multiply(ours, a, b), cents).exponent),
      peers: {
        'decimal.js': side(theirs, (a, b) => a.times(b).toDecimalPlaces(2).e),
        'bignumber.js': side(others, (a, b) => a.times(b).decimalPlaces(2).e ?? 0),
      },
    },
    {
      name: `parse, ${digits} digits`,
      conditions,
      mine: side(texts, (text) => d.parseDecimal(text).exponent),
      peers: {
        'decimal.js': side(texts, (text) => new Library(text).e),
        'bignumber.js': side(texts, (text) => new BigNumber(text).e ?? 0),
      },
    },
    {
      name: `format, ${digits} digits`,
      conditions,
      mine: side(mine, (a) => d.toScientificString(a)),
      peers: {
        'decimal.js': side(theirs, (a) => a.toString()),
        'bignumber.js': side(others, (a) => a.toString()),
      },
    },
  ];
}

/** Operations a second. */
function rate(operations: Side, rounds: number): number {
  const begun = performance.now();
  if (!Number.isFinite(operations(rounds))) throw new Error('an operation had no result');
  return (rounds * OPERANDS * 1_000) / (performance.now() - begun);
}

/** Additions, products rounded to cents, parsing and formatting of small and of large amounts. */
export function run({ progress, quick }: BenchRun): Promise<Figure[]> {
  const [runs, rounds] = quick ? [3, 20] : [9, 200];
  const figures: Figure[] = [];
  for (const pair of [...pairs(9), ...pairs(19), ...pairs(30)]) {
    progress(pair.name);
    const sides = [pair.mine, ...Object.values(pair.peers)];
    for (const each of sides) rate(each, rounds);
    const rates = sides.map(() => [] as number[]);
    for (let at = 0; at < runs; at += 1)
      for (const [index, each] of sides.entries()) rates[index]!.push(rate(each, rounds));
    for (const [index, peer] of Object.keys(pair.peers).entries())
      figures.push(
        figure({
          name: pair.name,
          unit: 'operations/s',
          values: rates[0]!,
          against: { name: peer, values: rates[index + 1]! },
          conditions: pair.conditions,
        }),
      );
  }
  return Promise.resolve(figures);
}
