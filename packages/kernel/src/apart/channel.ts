import {
  CryptoError,
  openBytes,
  randomBytes,
  sealBytes,
  toBase64url,
  utf8,
  type Sealer,
} from '@anarq/crypto';

/**
 * What two processes of one node say to each other, sealed under a key that only holders of the root
 * key can derive, and that is good for one pairing of two running processes. So a message of another
 * node does not open; one that was recorded is refused, because a pairing takes each number once and
 * ends with either process; and nobody between them reads it or answers in their place.
 */
const GREETING = 'q.peer.greeting.v1';
const PAIRING = 'q.peer.pairing.v1';
const MESSAGE = 'q.peer.message.v1';
const ANSWER = 'q.peer.answer.v1';

/** Messages under way at a time may overtake each other by this many; older numbers are refused. */
const WINDOW = 4_096;

/** Seals and opens the one message each way with which two processes get to know each other. */
export const greetingOf = (sealer: Sealer) => {
  const key = sealer.mac(GREETING, utf8('key'));
  return {
    seal: (value: unknown, aad: string): Uint8Array => sealJson(key, value, `${GREETING}\n${aad}`),
    open: (bytes: Uint8Array, aad: string): unknown => openJson(key, bytes, `${GREETING}\n${aad}`),
  };
};

/** One pairing of a caller with a callee, as both know it. */
export class Pairing {
  readonly id: string;
  readonly #key: Uint8Array;
  #next = 0;
  #newest = -1;
  readonly #seen = new Set<number>();

  /** @param boots ids that caller and callee took when they started, in this order */
  constructor(sealer: Sealer, id: string, boots: readonly [string, string]) {
    this.id = id;
    this.#key = sealer.mac(PAIRING, utf8([id, ...boots].join('\n')));
  }

  /** The number of the next message; each is used once. */
  next(): number {
    return this.#next++;
  }

  seal(number: number, value: unknown): Uint8Array {
    return sealJson(this.#key, value, `${MESSAGE}\n${this.id}\n${number}`);
  }

  /**
   * Opens a message, once.
   * @returns undefined where it is none of this pairing, or was here before
   */
  open(number: number, bytes: Uint8Array): { readonly value: unknown } | undefined {
    if (number <= this.#newest - WINDOW || this.#seen.has(number)) return undefined;
    const value = openJson(this.#key, bytes, `${MESSAGE}\n${this.id}\n${number}`);
    if (value === undefined) return undefined;
    this.#seen.add(number);
    this.#newest = Math.max(this.#newest, number);
    // What fell out of the window is refused by its number, and need not be remembered.
    if (this.#seen.size > 2 * WINDOW)
      for (const old of this.#seen) if (old <= this.#newest - WINDOW) this.#seen.delete(old);
    return { value };
  }

  sealAnswer(number: number, value: unknown): Uint8Array {
    return sealJson(this.#key, value, `${ANSWER}\n${this.id}\n${number}`);
  }

  openAnswer(number: number, bytes: Uint8Array): unknown {
    return openJson(this.#key, bytes, `${ANSWER}\n${this.id}\n${number}`);
  }
}

/** An id that nobody had before: of a process that starts, of a pairing, of a question. */
export const freshId = (): string => toBase64url(randomBytes(16));

const sealJson = (key: Uint8Array, value: unknown, aad: string): Uint8Array =>
  sealBytes(key, utf8(JSON.stringify(value)), aad);

/** @returns undefined where key, place or any bit differs */
function openJson(key: Uint8Array, bytes: Uint8Array, aad: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(openBytes(key, bytes, aad)));
  } catch (error) {
    if (error instanceof CryptoError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
