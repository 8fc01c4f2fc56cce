/**
 * After a failed sync nobody knows what is on the disk; only a new start does. So it is after
 * a page or an index turned out damaged in the middle of a batch.
 */
export function endProcess(error: unknown): void {
  process.stderr.write(`The ledger could not be written safely, and stops: ${String(error)}\n`);
  process.exit(1);
}
