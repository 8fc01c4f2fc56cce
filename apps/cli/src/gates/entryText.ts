import type { Wave } from './waves.ts';

/** Real numbers of matrices, and how they are written. */
const REALS = [
  [1, '1'],
  [1 / 2, '1/2'],
  [1 / 4, '1/4'],
  [Math.SQRT1_2, '1/√2'],
  [Math.SQRT1_2 / 2, '1/(2√2)'],
  [Math.cos(Math.PI / 8), 'cos(π/8)'],
  [Math.sin(Math.PI / 8), 'sin(π/8)'],
] as const;

/** An entry of a matrix as it is written in books: `-i e^(iφ) sin(θ/2)`. */
export function entryText(waves: readonly Wave[], params: readonly string[]): string {
  const [first, second] = waves;
  if (first === undefined) return '0';
  if (second === undefined) return product(first.re, first.im, phaseText(first.halves, params), '');
  if (waves.length > 2) return waves.map((wave) => entryText([wave], params)).join(' + ');
  const difference = first.halves.map((half, at) => (half - (second.halves[at] ?? 0)) / 2);
  const leading = difference.find((half) => half !== 0) ?? 1;
  const [one, other] = leading > 0 ? [first, second] : [second, first];
  const middle = one.halves.map((half, at) => (half + (other.halves[at] ?? 0)) / 2);
  const angle = angleText(
    one.halves.map((half, at) => half - (middle[at] ?? 0)),
    params,
  );
  const phase = phaseText(middle, params);
  if (isSame(one.re, other.re) && isSame(one.im, other.im))
    return product(2 * one.re, 2 * one.im, phase, `cos(${angle})`);
  // a (e^ix - e^-ix) = 2 i a sin x
  if (isSame(one.re, -other.re) && isSame(one.im, -other.im))
    return product(-2 * one.im, 2 * one.re, phase, `sin(${angle})`);
  return waves.map((wave) => entryText([wave], params)).join(' + ');
}

const isSame = (a: number, b: number): boolean => Math.abs(a - b) < 1e-12;

function product(re: number, im: number, phase: string, factor: string): string {
  const number = complexText(re, im);
  const factors = [phase, factor].filter((text) => text !== '').join(' ');
  if (factors === '') return number;
  if (number === '1') return factors;
  return number === '-1' ? `-${factors}` : `${number} ${factors}`;
}

/** A complex constant: `1`, `-i`, `(1 + i)/2`, `1/√2`. */
function complexText(re: number, im: number): string {
  if (isSame(im, 0)) return realText(re);
  if (isSame(re, 0)) {
    const text = realText(im);
    // 1 is i, 1/√2 is i/√2, and any other number stands before it.
    return /^-?1(\/|$)/.test(text) ? text.replace('1', 'i') : `${text} i`;
  }
  if (isSame(Math.abs(re), Math.abs(im))) {
    const size = realText(Math.abs(re));
    const signs = `${re < 0 ? '-1' : '1'} ${im < 0 ? '-' : '+'} i`;
    return size.startsWith('1/') ? `(${signs})${size.slice(1)}` : `${size} (${signs})`;
  }
  return `(${realText(re)} ${im < 0 ? '-' : '+'} ${realText(Math.abs(im))} i)`;
}

function realText(value: number): string {
  const known = REALS.find(([real]) => isSame(real, Math.abs(value)));
  const text = isSame(value, 0) ? '0' : (known?.[1] ?? String(Math.abs(value)));
  return value < 0 && text !== '0' ? `-${text}` : text;
}

function phaseText(halves: readonly number[], params: readonly string[]): string {
  const angle = angleText(halves, params);
  if (angle === '0') return '';
  const [, sign = '', rest = ''] = /^(-?)(.*)$/.exec(angle) ?? [];
  return /^[^ ]+$/.test(rest) ? `e^(${sign}i${rest})` : `e^(i(${angle}))`;
}

/** A sum of params with frequencies that are given in halves: `φ - θ/2`. */
function angleText(halves: readonly number[], params: readonly string[]): string {
  const terms = halves.flatMap((half, at) => {
    if (half === 0) return [];
    const name = greek(params[at] ?? '');
    const size = Math.abs(half);
    const text = size % 2 === 0 ? (size === 2 ? name : `${size / 2}${name}`) : over(size, name);
    return [{ sign: half < 0 ? '-' : '+', text }];
  });
  return terms.length === 0
    ? '0'
    : terms
        .map(({ sign, text }, at) => (at === 0 ? signed(sign, text) : ` ${sign} ${text}`))
        .join('');
}

const signed = (sign: string, text: string): string => (sign === '-' ? `-${text}` : text);
const over = (halves: number, name: string): string => {
  if (Number.isInteger(halves)) return halves === 1 ? `${name}/2` : `${halves}${name}/2`;
  return halves === 0.5 ? `${name}/4` : `${2 * halves}${name}/4`;
};

const LETTERS: Readonly<Record<string, string>> = {
  theta: 'θ',
  phi: 'φ',
  lambda: 'λ',
  gamma: 'γ',
  beta: 'β',
  phi0: 'φ₀',
  phi1: 'φ₁',
};

/** A param as mathematicians write it. */
export const greek = (name: string): string => LETTERS[name] ?? name;
