import { RecordChecker, type Checked, type CheckOrder } from '@anarq/chain-archive';
import { Malformed } from '@anarq/dag';
import { SegmentDamaged } from './damage.ts';
import { recordsInOrder } from './inOrder.ts';
import { PackedSegment } from './packedSegment.ts';

/**
 * Holds a file of the archive to the signatures of validators; nothing else is needed, and nothing else is
 * believed. What it answers where it holds is what the next file begins with.
 */
export async function checkArchiveFile(path: string, order: CheckOrder): Promise<Checked> {
  try {
    const segment = await PackedSegment.open('archive', path, order.chainId);
    try {
      const checker = new RecordChecker(order);
      for await (const record of recordsInOrder([segment])) {
        const problem = checker.take(record);
        if (problem !== undefined) return { holds: false, why: problem };
      }
      return checker.end();
    } finally {
      await segment.close();
    }
  } catch (error) {
    if (error instanceof SegmentDamaged || error instanceof Malformed)
      return { holds: false, why: error.message };
    throw error;
  }
}
