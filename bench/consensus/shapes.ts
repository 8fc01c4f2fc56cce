/** A way to hand in transactions. */
export interface Shape {
  readonly name: string;
  readonly kind: 'transfer' | 'data';
  /** Transactions under one signature. */
  readonly together: number;
  /** Accounts at each validator that hand in at the same time, and entries that each has under way. */
  readonly lanes: number;
  readonly depth: number;
  /** Entries of each account. */
  readonly entries: number;
}

/** Bytes of a transaction without meaning, as the papers count them. */
export const PAYLOAD_BYTES = 512;

export const SHAPES: readonly Shape[] = [
  {
    name: 'signed one by one',
    kind: 'transfer',
    together: 1,
    lanes: 32,
    depth: 4,
    entries: 32,
  },
  {
    name: '64 under one signature',
    kind: 'transfer',
    together: 64,
    lanes: 8,
    depth: 1,
    entries: 10,
  },
  {
    name: '256 under one signature',
    kind: 'transfer',
    together: 256,
    lanes: 4,
    depth: 1,
    entries: 10,
  },
  {
    name: `payload of ${PAYLOAD_BYTES} bytes, 100 under one signature`,
    kind: 'data',
    together: 100,
    lanes: 4,
    depth: 1,
    entries: 10,
  },
];

/** The most accounts that any shape needs at a validator. */
export const LANES_MAX = Math.max(...SHAPES.map(({ lanes }) => lanes));
