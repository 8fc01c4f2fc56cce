/** Some qubits or bits of a circuit in an order: those from `start`, or those of a list. */
export interface Wires {
  readonly size: number;
  readonly start: number;
  readonly list?: readonly number[];
}

export const span = (start: number, size: number): Wires => ({ start, size });

export const wire = (wires: Wires, at: number): number =>
  wires.list === undefined ? wires.start + at : wires.list[at]!;

export const wireList = (wires: Wires): readonly number[] =>
  wires.list ?? Array.from({ length: wires.size }, (_, at) => wires.start + at);

/** Those of a list; neighbours in ascending order become a span. */
export function wiresOf(list: readonly number[]): Wires {
  const start = list[0] ?? 0;
  return list.every((one, at) => one === start + at)
    ? span(start, list.length)
    : { start, size: list.length, list };
}
