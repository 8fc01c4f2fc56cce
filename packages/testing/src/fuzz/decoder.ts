import { isDeepStrictEqual } from 'node:util';

/** Something that reads bytes from outside, and what has to hold of it whatever they are. */
export interface Decoder {
  readonly name: string;
  decode(bytes: Uint8Array): unknown;
  /** Is this how it says no? Anything else that it throws is a defect. */
  refuses(error: unknown): boolean;
  /** Writes what was read; absent where nothing writes it. */
  readonly encode?: (value: never) => Uint8Array;
  /** `bytes`: one text a value, so writing gives the same bytes; `value`: reading that again gives the same. */
  readonly identity?: 'bytes' | 'value';
  /** A further reader of the same thing, where there is one: what both accept means the same. */
  readonly twin?: (bytes: Uint8Array) => unknown;
  readonly seeds: readonly Uint8Array[];
  /** Words that stand in such bytes. */
  readonly words?: readonly string[];
}

/** What is wrong with how a decoder took some bytes; undefined where nothing is. */
export function problemOf(decoder: Decoder, bytes: Uint8Array): string | undefined {
  let value: unknown;
  try {
    value = decoder.decode(bytes);
  } catch (error) {
    return decoder.refuses(error) ? undefined : `throws ${described(error)}`;
  }
  return roundTrip(decoder, bytes, value) ?? differs(decoder, bytes, value);
}

function roundTrip({ decode, encode, identity }: Decoder, bytes: Uint8Array, value: unknown) {
  if (encode === undefined) return undefined;
  try {
    // A decoder reads what its own encoder writes.
    const written = encode(value as never);
    if (identity === 'bytes')
      return Buffer.from(written).equals(bytes) ? undefined : 'writes other bytes than it read';
    return isDeepStrictEqual(decode(written), value) ? undefined : 'reads something else again';
  } catch (error) {
    return `cannot write what it read: ${described(error)}`;
  }
}

function differs({ twin }: Decoder, bytes: Uint8Array, value: unknown): string | undefined {
  if (twin === undefined) return undefined;
  try {
    return isDeepStrictEqual(twin(bytes), value) ? undefined : 'reads something else than its twin';
  } catch (error) {
    return `accepts what its twin refuses: ${described(error)}`;
  }
}

const described = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message.slice(0, 120)}` : String(error);
