import type { Random } from './random.ts';

const BYTES_MAX = 4_096;
/** Where readers of numbers, texts and lengths change their mind. */
const ODD_BYTES = [0, 1, 9, 10, 13, 0x20, 0x22, 0x2e, 0x2f, 0x30, 0x39, 0x5c, 0x7b, 0x7f, 0x80];
const ODD_TEXTS = [
  '__proto__',
  'constructor',
  '\\u0000',
  '\ud7ff',
  '\ufeff',
  '18446744073709551616',
  '-0',
  '1e999',
  '9007199254740993',
  '%00',
  '..',
  '\r\n',
];

/** A few small changes to some bytes, or a part of others in their place. */
export function mutate(
  bytes: Uint8Array,
  corpus: readonly Uint8Array[],
  words: readonly string[],
  random: Random,
): Uint8Array {
  let changed = Buffer.from(bytes);
  for (let changes = 1 + random.below(4); changes > 0; changes--)
    changed = changeOnce(changed, corpus, words, random);
  return new Uint8Array(changed.subarray(0, BYTES_MAX));
}

function changeOnce(
  bytes: Buffer,
  corpus: readonly Uint8Array[],
  words: readonly string[],
  random: Random,
): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(16));
  const put = (middle: Uint8Array, until = at) =>
    Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(until)]);
  switch (random.below(9)) {
    case 0:
      return put(Buffer.from([(bytes[at] ?? 0) ^ (1 << random.below(8))]), at + 1);
    case 1:
      return put(Buffer.from([random.below(256)]), at + 1);
    case 2:
      return put(Buffer.from([random.pick(ODD_BYTES)]), random.below(2) === 0 ? at : at + 1);
    case 3:
      return put(Buffer.alloc(0), end);
    case 4:
      return put(bytes.subarray(at, end));
    case 5:
      return put(
        Buffer.from(random.pick([...words, ...ODD_TEXTS])),
        random.below(2) === 0 ? at : end,
      );
    case 6: {
      const other = random.pick(corpus);
      const from = random.below(other.length + 1);
      return put(
        other.subarray(from, from + 1 + random.below(64)),
        random.below(2) === 0 ? at : end,
      );
    }
    case 7:
      return Buffer.concat(
        Array.from({ length: 2 + random.below(30) }, () => bytes.subarray(at, end)),
      );
    default:
      return put(Buffer.alloc(0), bytes.length);
  }
}
