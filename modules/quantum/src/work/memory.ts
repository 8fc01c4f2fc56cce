import { totalmem } from 'node:os';

/** Bytes of memory that this process may take: those of the machine, or of its container. */
export function memoryOfMachine(): number {
  const constrained = process.constrainedMemory();
  return Math.min(totalmem(), constrained > 0 ? constrained : Infinity);
}
