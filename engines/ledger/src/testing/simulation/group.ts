import { PAGE_BYTES } from '../../log/pageLayout.ts';

/** Batches that are written and synced together. */
export interface Group {
  readonly buffer: Buffer;
  /** The page of the log that it begins with, and how many it has so far. */
  firstPage: number;
  pages: number;
  /** What is told when it is safe. */
  answers: (() => void)[];
}

/** A group in a buffer that others may have used: a page is written whole. */
export const emptyGroup = (buffer: Buffer): Group => ({
  buffer,
  firstPage: 0,
  pages: 0,
  answers: [],
});

/** A page of a group, where it has it. */
export function pageIn(group: Group, page: number): Uint8Array | undefined {
  const at = page - group.firstPage;
  if (at < 0 || at >= group.pages) return undefined;
  return group.buffer.subarray(at * PAGE_BYTES, (at + 1) * PAGE_BYTES);
}
