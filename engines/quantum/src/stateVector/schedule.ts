import type { Element } from './elements.ts';
import { ROTATE } from './plan.ts';

/** Elements that run together on tiles: `wires` are those of a tile, `steps` in order. */
export interface Scheduled {
  readonly wires: readonly number[];
  readonly groups: readonly Group[];
}

/** Elements of one kind: all phases of a group are one operation, all rotations too. */
export type Group =
  | { readonly kind: 'phases'; readonly elements: readonly Element[] }
  | { readonly kind: 'others'; readonly elements: readonly Element[] };

export interface ScheduleOptions {
  /** Wires of the state. */
  readonly wires: number;
  /** Wires of a tile at most. */
  readonly tileWires: number;
  /** Wires 0 to rowWires - 1 are in every tile: a row of amplitudes that lie beside each other. */
  readonly rowWires: number;
}

/**
 * Phases cost about as much as 6 rotations, and what they are not collected for now comes as more of them
 * later: measured on random circuits, fewer rotations than this are better left for another pass.
 */
const ROTATIONS_WORTH_PHASES = 10;

/** How many rotations a matrix counts for. */
const MATRIX_WORTH_ROTATIONS = 4;

/** What stands on one wire, in order: elements that mix it one by one, those that look at it in bunches. */
interface Line {
  readonly bunches: { readonly mixes: boolean; left: number }[];
  at: number;
}

/** Puts elements into passes, each of which mixes only the wires of its tiles. */
export function schedule(elements: readonly Element[], options: ScheduleOptions): Scheduled[] {
  const scheduler = new Scheduler(elements, options);
  const passes: Scheduled[] = [];
  while (!scheduler.done) passes.push(scheduler.pass());
  return passes;
}

interface Item {
  readonly element: Element;
  /** Wires on which it is not yet its turn. */
  waits: number;
}

class Scheduler {
  readonly #options: ScheduleOptions;
  readonly #lines: Line[];
  /** For each wire and bunch, what waits for its turn. */
  readonly #waiting: Item[][][];
  /** Ready to run: those that mix nothing, and those that mix. In the order of the circuit. */
  #looking: Item[] = [];
  #mixing: Item[] = [];
  #left: number;

  constructor(elements: readonly Element[], options: ScheduleOptions) {
    this.#options = options;
    this.#left = elements.length;
    this.#lines = Array.from({ length: options.wires }, () => ({ bunches: [], at: 0 }));
    this.#waiting = Array.from({ length: options.wires }, () => []);
    for (const element of elements) this.#enter(element);
    for (let wire = 0; wire < options.wires; wire += 1) this.#begin(wire);
  }

  get done(): boolean {
    return this.#left === 0;
  }

  #enter(element: Element): void {
    const item = { element, waits: element.mixes.length + element.looks.length };
    for (const wire of element.mixes) {
      this.#lines[wire]!.bunches.push({ mixes: true, left: 1 });
      this.#waiting[wire]!.push([item]);
    }
    for (const wire of element.looks) {
      const { bunches } = this.#lines[wire]!;
      const last = bunches.at(-1);
      if (last === undefined || last.mixes) {
        bunches.push({ mixes: false, left: 1 });
        this.#waiting[wire]!.push([item]);
      } else {
        last.left += 1;
        this.#waiting[wire]!.at(-1)!.push(item);
      }
    }
  }

  /** It is the turn of the next bunch of a wire. */
  #begin(wire: number): void {
    for (const item of this.#waiting[wire]![this.#lines[wire]!.at] ?? []) {
      item.waits -= 1;
      if (item.waits > 0) continue;
      if (item.element.mixes.length === 0) this.#looking.push(item);
      else this.#mixing.push(item);
    }
  }

  #finish(element: Element): void {
    this.#left -= 1;
    for (const wire of [...element.mixes, ...element.looks]) {
      const line = this.#lines[wire]!;
      const bunch = line.bunches[line.at]!;
      bunch.left -= 1;
      if (bunch.left > 0) continue;
      line.at += 1;
      this.#begin(wire);
    }
  }

  pass(): Scheduled {
    const { wires, tileWires, rowWires } = this.#options;
    const tile = new Set(Array.from({ length: Math.min(rowWires, wires) }, (_, wire) => wire));
    const groups: Group[] = [];
    for (;;) {
      const mixed = this.#mix(tile);
      if (mixed.length > 0) {
        groups.push({ kind: 'others', elements: mixed });
        continue;
      }
      if (this.#looking.length === 0) break;
      // Nothing else can be done either: to wait would not make it a larger bunch.
      const worth = groups.length === 0 || this.#mixing.length === 0;
      if (!worth && this.#enabled(tile) < ROTATIONS_WORTH_PHASES) break;
      groups.push({ kind: 'phases', elements: this.#look() });
    }
    for (let wire = 0; tile.size < tileWires && wire < wires; wire += 1) {
      // What is free of charge makes tiles longer where they are one piece of memory.
      if (tile.has(wire)) continue;
      if ([...tile].some((other) => other > wire)) break;
      tile.add(wire);
    }
    return { wires: [...tile].toSorted((a, b) => a - b), groups };
  }

  /** Runs all that is ready and mixes wires of the tile only; takes further wires in while there is room. */
  #mix(tile: Set<number>): Element[] {
    const done: Element[] = [];
    for (const grow of [false, true]) {
      for (;;) {
        const item = this.#mixing.find(({ element }) => this.#fits(element, tile, grow));
        if (item === undefined) break;
        this.#mixing.splice(this.#mixing.indexOf(item), 1);
        for (const wire of item.element.mixes) tile.add(wire);
        done.push(item.element);
        this.#finish(item.element);
      }
    }
    return done;
  }

  #fits({ mixes }: Element, tile: ReadonlySet<number>, grow: boolean): boolean {
    const further = mixes.filter((wire) => !tile.has(wire)).length;
    return further === 0 || (grow && tile.size + further <= this.#options.tileWires);
  }

  #look(): Element[] {
    const items = this.#looking;
    this.#looking = [];
    for (const { element } of items) this.#finish(element);
    return items.map(({ element }) => element);
  }

  /** How many wires of the tile would be rotated next, were it not for what is to be looked at before. */
  #enabled(tile: ReadonlySet<number>): number {
    const ready = new Map<number, number>();
    for (const { element } of this.#looking)
      for (const wire of element.looks) ready.set(wire, (ready.get(wire) ?? 0) + 1);
    let count = 0;
    for (const [wire, looks] of ready) {
      const { bunches, at } = this.#lines[wire]!;
      if (bunches[at]!.left !== looks) continue;
      const next = this.#waiting[wire]![at + 1]?.[0];
      if (next === undefined || next.element.mixes.length === 0) continue;
      const fits = this.#fits(next.element, tile, true);
      if (fits) count += next.element.kind === ROTATE ? 1 : MATRIX_WORTH_ROTATIONS;
    }
    return count;
  }
}
