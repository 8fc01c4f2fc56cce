import { Page, PAGE_BYTES } from '../../log/pageLayout.ts';
import type { SimulationCounts } from './counts.ts';
import type { SimulatedDisk } from './disk.ts';
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
   * Turns over one bit of a page of the log that a later page on the disk calls safe, or of the newest
   * snapshot. A page of which nothing on the disk says yet that it is safe cannot be told from one that a
   * crash tore, so none of those is taken.
   * @param pages that are safe, from the first on
   */
  flip(segments: SimulatedSegments, pages: number): void {
    const random = this.#random;
    const [snapshot] = snapshotNames(this.#disk);
    if (snapshot !== undefined && random.chance(30)) {
      const bytes = this.#disk.readAll(snapshot).byteLength;
      this.#disk.flip(snapshot, random.below(bytes), random.below(8));
      this.#counts.snapshotFlips++;
      return;
    }
    let witnessed = 0;
    for (let page = 0; page < pages; page++)
      witnessed = Math.max(witnessed, segments.read(page)?.readUInt32LE(Page.SAFE) ?? 0);
    // Another flip of the same bit would mend it.
    if (witnessed === 0 || this.count > 0) return;
    const { name, at } = segments.placeOf(random.below(witnessed));
    this.#disk.flip(name, at + random.below(PAGE_BYTES), random.below(8));
    this.count++;
    this.#counts.flips++;
  }
}
