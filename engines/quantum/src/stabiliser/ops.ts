/**
 * What every Clifford gate is taken apart into. Tableau, Pauli frames and error analysis know these
 * operations and no others; so each rule of conjugation stands in one place for each of them.
 */
export const OP = {
  X: 0,
  Y: 1,
  Z: 2,
  H: 3,
  S: 4,
  SDG: 5,
  SX: 6,
  SXDG: 7,
  CX: 8,
  CZ: 9,
  SWAP: 10,
} as const;

/** The first number that is not a gate of `OP`. */
export const GATES_END = 11;

/** One operation of `OP` on operand `a`, and on operand `b` where it takes two. */
export interface Step {
  readonly op: number;
  readonly a: number;
  readonly b: number;
}

/**
 * A Hermitian Pauli product on at most 15 qubits: bit `k` of `x` and `z` say what acts on qubit `k`
 * (both: Y), and `sign` is 1 where there is a minus before it.
 */
export interface SmallPauli {
  readonly x: number;
  readonly z: number;
  readonly sign: number;
}

/** `G P G^-1` for one operation G. */
export function conjugate({ op, a, b }: Step, { x, z, sign }: SmallPauli): SmallPauli {
  const xa = (x >> a) & 1;
  const za = (z >> a) & 1;
  const xb = (x >> b) & 1;
  const zb = (z >> b) & 1;
  switch (op) {
    case OP.X:
      return { x, z, sign: sign ^ za };
    case OP.Y:
      return { x, z, sign: sign ^ xa ^ za };
    case OP.Z:
      return { x, z, sign: sign ^ xa };
    case OP.H:
      return { x: x ^ ((xa ^ za) << a), z: z ^ ((xa ^ za) << a), sign: sign ^ (xa & za) };
    case OP.S:
      return { x, z: z ^ (xa << a), sign: sign ^ (xa & za) };
    case OP.SDG:
      return { x, z: z ^ (xa << a), sign: sign ^ (xa & ~za) };
    case OP.SX:
      return { x: x ^ (za << a), z, sign: sign ^ (za & ~xa) };
    case OP.SXDG:
      return { x: x ^ (za << a), z, sign: sign ^ (xa & za) };
    case OP.CX:
      return {
        x: x ^ (xa << b),
        z: z ^ (zb << a),
        sign: sign ^ (xa & zb & (xb ^ za ^ 1)),
      };
    case OP.CZ:
      return { x, z: z ^ (xb << a) ^ (xa << b), sign: sign ^ (xa & xb & (za ^ zb)) };
    default: {
      const swapBits = (bits: number, d: number): number => bits ^ (d << a) ^ (d << b);
      return { x: swapBits(x, xa ^ xb), z: swapBits(z, za ^ zb), sign };
    }
  }
}
