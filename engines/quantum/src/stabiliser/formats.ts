import { CircuitError } from '@anarq/circuit';
import { bitOf, emptyShots, hitsOf, type Shots } from './shots.ts';

/** Formats of results as Stim has them (its doc/result_formats.md). */
export type ResultFormat = '01' | 'b8' | 'r8' | 'hits' | 'dets' | 'ptb64';

/** The most shots or bits of a shot that a reader takes. */
const COUNT_MAX = 2 ** 28;

/** Parts of a shot in the format `dets`: so many bits under the letter M, D or L, one part after the other. */
export type ShotParts = readonly { readonly letter: 'M' | 'D' | 'L'; readonly bits: number }[];

/**
 * Shots as the bytes of a file. `dets` names bits by `parts`; without them all bits are M.
 * @throws CircuitError SEMANTICS for `ptb64` unless the number of shots is a multiple of 64
 */
export function writeShots(shots: Shots, format: ResultFormat, parts?: ShotParts): Uint8Array {
  switch (format) {
    case '01':
      return write01(shots);
    case 'b8':
      return writeB8(shots);
    case 'r8':
      return writeR8(shots);
    case 'ptb64':
      return writePtb64(shots);
    case 'hits':
      return lines(shots, (hits) => hits.join(','));
    case 'dets': {
      const names = namesOf(shots.bits, parts);
      return lines(shots, (hits) => ['shot', ...hits.map(names)].join(' '));
    }
  }
}

/**
 * Reads shots of so many bits each.
 * @throws CircuitError SYNTAX where the bytes are not of this format, LIMIT
 */
export function readShots(
  bytes: Uint8Array,
  format: ResultFormat,
  bits: number,
  parts?: ShotParts,
): Shots {
  if (!(bits >= 0 && bits <= COUNT_MAX))
    throw new CircuitError('LIMIT', `A shot has 0 to ${COUNT_MAX} bits, not ${bits}.`);
  switch (format) {
    case '01':
      return fromLines(bytes, bits, (line, set) => {
        if (line.length !== bits || /[^01]/u.test(line))
          throw new CircuitError('SYNTAX', `A shot is ${bits} of 0 and 1, not ${quoted(line)}.`);
        for (let k = 0; k < bits; k += 1) if (line[k] === '1') set(k);
      });
    case 'hits':
      return fromLines(bytes, bits, (line, set) => {
        if (line !== '') for (const hit of line.split(',')) set(numberOf(hit));
      });
    case 'dets':
      return readDets(bytes, bits, parts);
    case 'b8':
      return readB8(bytes, bits);
    case 'r8':
      return readR8(bytes, bits);
    case 'ptb64':
      return readPtb64(bytes, bits);
  }
}

function write01(shots: Shots): Uint8Array {
  const length = shots.bits + 1;
  const bytes = new Uint8Array(shots.count * length);
  for (let shot = 0; shot < shots.count; shot += 1) {
    for (let k = 0; k < shots.bits; k += 1) bytes[shot * length + k] = 48 + bitOf(shots, shot, k);
    bytes[shot * length + shots.bits] = 10;
  }
  return bytes;
}

function writeB8(shots: Shots): Uint8Array {
  const length = Math.ceil(shots.bits / 8);
  const bytes = new Uint8Array(shots.count * length);
  for (let shot = 0; shot < shots.count; shot += 1)
    for (let at = 0; at < length; at += 1)
      bytes[shot * length + at] = shots.data[shot * shots.words + (at >> 2)]! >>> (8 * (at & 3));
  return bytes;
}

function readB8(bytes: Uint8Array, bits: number): Shots {
  const length = Math.ceil(bits / 8);
  const count = length === 0 ? 0 : bytes.length / length;
  if (!Number.isInteger(count))
    throw new CircuitError('SYNTAX', `Shots of ${length} bytes do not fill ${bytes.length} bytes.`);
  const shots = emptyShots(count, bits);
  const last = 0xff >> (8 * length - bits);
  for (let at = 0; at < bytes.length; at += 1) {
    const inShot = at % length;
    if (inShot === length - 1 && bytes[at]! > last)
      throw new CircuitError('SYNTAX', `Byte ${at} has a bit past the last of its shot.`);
    shots.data[Math.floor(at / length) * shots.words + (inShot >> 2)]! |=
      bytes[at]! << (8 * (inShot & 3));
  }
  return shots;
}

function writeR8(shots: Shots): Uint8Array {
  const bytes: number[] = [];
  const hits: number[] = [];
  for (let shot = 0; shot < shots.count; shot += 1) {
    const count = hitsOf(shots, shot, hits);
    let from = 0;
    for (let k = 0; k <= count; k += 1) {
      const to = k < count ? hits[k]! : shots.bits;
      let gap = to - from;
      for (; gap >= 255; gap -= 255) bytes.push(255);
      bytes.push(gap);
      from = to + 1;
    }
  }
  return Uint8Array.from(bytes);
}

function readR8(bytes: Uint8Array, bits: number): Shots {
  const data: number[][] = [];
  let hits: number[] = [];
  let at = 0;
  for (const byte of bytes) {
    at += byte;
    if (at > bits) throw new CircuitError('SYNTAX', `A shot goes on past its ${bits} bits.`);
    if (byte === 255) continue;
    if (at === bits) {
      data.push(hits);
      hits = [];
      at = 0;
    } else {
      hits.push(at);
      at += 1;
    }
  }
  if (at !== 0) throw new CircuitError('SYNTAX', 'The last shot is not complete.');
  return fromHits(data, bits);
}

function writePtb64(shots: Shots): Uint8Array {
  if (shots.count % 64 !== 0)
    throw new CircuitError('SEMANTICS', `ptb64 has a multiple of 64 shots, not ${shots.count}.`);
  const bytes = new Uint8Array((shots.count * shots.bits) / 8);
  for (let shot = 0; shot < shots.count; shot += 1)
    for (let k = 0; k < shots.bits; k += 1)
      bytes[(shot >> 6) * shots.bits * 8 + 8 * k + ((shot & 63) >> 3)]! |=
        bitOf(shots, shot, k) << (shot & 7);
  return bytes;
}

function readPtb64(bytes: Uint8Array, bits: number): Shots {
  const groups = bits === 0 ? 0 : bytes.length / (8 * bits);
  if (!Number.isInteger(groups))
    throw new CircuitError('SYNTAX', `Groups of ${8 * bits} bytes do not fill ${bytes.length}.`);
  const shots = emptyShots(64 * groups, bits);
  for (let shot = 0; shot < shots.count; shot += 1)
    for (let k = 0; k < bits; k += 1) {
      const byte = bytes[(shot >> 6) * bits * 8 + 8 * k + ((shot & 63) >> 3)]!;
      shots.data[shot * shots.words + (k >> 5)]! |= ((byte >> (shot & 7)) & 1) << (k & 31);
    }
  return shots;
}

/** A line for each shot. */
function lines(shots: Shots, line: (hits: readonly number[]) => string): Uint8Array {
  const hits: number[] = [];
  const texts: string[] = [];
  for (let shot = 0; shot < shots.count; shot += 1) {
    hits.length = hitsOf(shots, shot, hits);
    texts.push(`${line(hits)}\n`);
  }
  return new TextEncoder().encode(texts.join(''));
}

function fromLines(
  bytes: Uint8Array,
  bits: number,
  read: (line: string, set: (bit: number) => void) => void,
): Shots {
  const text = new TextDecoder('utf-8').decode(bytes);
  const all = text === '' ? [] : text.replace(/\r?\n$/u, '').split(/\r?\n/u);
  return fromHits(
    all.map((line) => {
      const hits: number[] = [];
      read(line, (bit) => hits.push(bit));
      return hits;
    }),
    bits,
  );
}

function fromHits(hits: readonly (readonly number[])[], bits: number): Shots {
  const shots = emptyShots(hits.length, bits);
  for (const [shot, places] of hits.entries())
    for (const bit of places) {
      if (bit >= bits)
        throw new CircuitError('SYNTAX', `There is no bit ${bit}; a shot has ${bits}.`);
      shots.data[shot * shots.words + (bit >> 5)]! |= 1 << (bit & 31);
    }
  return shots;
}

function readDets(bytes: Uint8Array, bits: number, parts?: ShotParts): Shots {
  const starts = new Map<string, { start: number; bits: number }>();
  let start = 0;
  for (const part of parts ?? [{ letter: 'M', bits }]) {
    starts.set(part.letter, { start, bits: part.bits });
    start += part.bits;
  }
  return fromLines(bytes, bits, (line, set) => {
    const [word, ...names] = line.split(' ');
    if (word !== 'shot')
      throw new CircuitError('SYNTAX', `A line begins with "shot", not ${quoted(line)}.`);
    for (const name of names) {
      const part = starts.get(name[0] ?? '');
      const number = numberOf(name.slice(1));
      if (part === undefined || number >= part.bits)
        throw new CircuitError('SYNTAX', `There is no ${quoted(name)} in a shot.`);
      set(part.start + number);
    }
  });
}

function namesOf(
  bits: number,
  parts: ShotParts = [{ letter: 'M', bits }],
): (bit: number) => string {
  return (bit) => {
    let left = bit;
    for (const part of parts) {
      if (left < part.bits) return `${part.letter}${left}`;
      left -= part.bits;
    }
    throw new CircuitError('SEMANTICS', `The parts of a shot do not name bit ${bit}.`);
  };
}

function numberOf(text: string): number {
  if (!/^\d{1,9}$/u.test(text))
    throw new CircuitError('SYNTAX', `${quoted(text)} is no number of a bit.`);
  return Number(text);
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 40));
