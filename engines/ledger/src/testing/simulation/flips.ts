import { Page, PAGE_BYTES } from '../../log/pageLayout.ts';
import type { SimulationCounts } from './counts.ts';
import type { SimulatedDisk } from './disk.ts';
import { readMark } from './mark.ts';
import type { SeededRandom } from './random.ts';
import type { SimulatedSegments } from './segments.ts';
import { snapshotNames } from './snapshots.ts';

/** Turns over bits that had long been safe. */
export class Flips {
  /** In the log. */
  count = 0;
  readonly #disk: SimulatedDisk;
  readonly #random: SeededRandom;
  readonly #counts: SimulationCounts;

  constructor(disk: SimulatedDisk, random: SeededRandom, counts: SimulationCounts) {
    this.#disk = disk;
    this.#random = random;
    this.#counts = counts;
  }

  /**
   * Turns over one bit of a page of the log that a later page or the mark calls safe, of the newest
   * snapshot, or of an index. A page of which nothing on the disk says yet that it is safe cannot be told from one that a
   * crash tore, so none of those is taken.
   * @param pages that are safe, from the first on
   */
  flip(segments: SimulatedSegments, pages: number): void {
    const random = this.#random;
    const indexes = this.#disk.names.filter((name) => name.startsWith('run-'));
    const [snapshot] = snapshotNames(this.#disk);
    if (snapshot !== undefined && random.chance(20)) {
      this.#flipIn(snapshot);
      this.#counts.snapshotFlips++;
      return;
    }
    if (indexes.length > 0 && random.chance(40)) {
      this.#flipIn(random.pick(indexes));
      this.#counts.indexFlips++;
      return;
    }
    let witnessed = readMark(this.#disk);
    for (let page = 0; page < pages; page++)
      witnessed = Math.max(witnessed, segments.read(page)?.readUInt32LE(Page.SAFE) ?? 0);
    // Another flip of the same bit would mend it.
    if (witnessed === 0 || this.count > 0) return;
    const { name, at } = segments.placeOf(random.below(witnessed));
    this.#disk.flip(name, at + random.below(PAGE_BYTES), random.below(8));
    this.count++;
    this.#counts.flips++;
  }

  #flipIn(name: string): void {
    const bytes = this.#disk.readAll(name).byteLength;
    this.#disk.flip(name, this.#random.below(bytes), this.#random.below(8));
  }
}
