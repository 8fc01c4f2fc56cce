import { ComputeThread } from './computeThread.ts';
import { Refused, type WorkNews, type WorkOrder } from './orders.ts';

/**
 * A process that computes for a node. A thread of it computes; this one hears at once when the node
 * is gone, and looks after the memory that the process takes.
 */
const LOOK_EVERY_MS = 100;
/** What the process takes beside the states of its runs: code, heap, a result. */
const BESIDE_BYTES = 768 * 2 ** 20;
const HEAP_BYTES = 512 * 2 ** 20;

const thread = new ComputeThread(HEAP_BYTES);
const tell = (news: WorkNews): void => void process.send?.(news);

process.on('disconnect', () => process.exit(0));
process.on('message', (given: { readonly id: number; readonly order: WorkOrder }) => {
  void answer(given.id, given.order);
});

async function answer(id: number, order: WorkOrder): Promise<void> {
  const memory_bytes = order.kind === 'run' ? order.memory_bytes : 0;
  const looking = setInterval(() => {
    if (process.memoryUsage.rss() <= memory_bytes + BESIDE_BYTES) return;
    clearInterval(looking);
    const message = `The run takes more than the ${memory_bytes} bytes that were estimated and ${BESIDE_BYTES} beside them.`;
    process.send?.({ id, kind: 'refused', refusal: { code: 'LIMIT', message } }, () =>
      process.exit(1),
    );
  }, LOOK_EVERY_MS);
  try {
    const found = await thread.perform(
      order,
      (progress) => tell({ id, kind: 'progress', progress }),
      () => tell({ id, kind: 'begun' }),
    );
    tell({ id, kind: 'answer', answer: found });
  } catch (error) {
    if (error instanceof Refused) tell({ id, kind: 'refused', refusal: error.refusal });
    else tell({ id, kind: 'failed', message: (error as Error).message });
  } finally {
    clearInterval(looking);
  }
}
