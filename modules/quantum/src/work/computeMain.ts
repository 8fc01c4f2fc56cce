import { parentPort } from 'node:worker_threads';
import type { TellProgress } from '@anarq/quantum-engine';
import { optimiseLater } from './optimiseLater.ts';
import { perform } from './perform.ts';
import { refusalOf } from './refusal.ts';
import type { WorkNews, WorkOrder } from './orders.ts';

optimiseLater();
const port = parentPort;
if (port === null) throw new Error('this file is the code of a thread');
const tell = (news: WorkNews): void => port.postMessage(news);

port.on('message', (given: { readonly id: number; readonly order: WorkOrder }) => {
  void answer(given.id, given.order);
});

/** How far an order is, told ten times a second at most. */
const TELL_EVERY_MS = 100;

function tellingFor(id: number): TellProgress {
  let told_ms = performance.now();
  return (progress) => {
    const now_ms = performance.now();
    if (now_ms - told_ms < TELL_EVERY_MS) return;
    told_ms = now_ms;
    tell({ id, kind: 'progress', progress });
  };
}

async function answer(id: number, order: WorkOrder): Promise<void> {
  tell({ id, kind: 'begun' });
  try {
    const found = await perform(order, tellingFor(id));
    tell({ id, kind: 'answer', answer: found });
  } catch (error) {
    const refusal = refusalOf(error, 'source' in order ? order.source.text : '');
    if (refusal !== undefined) tell({ id, kind: 'refused', refusal });
    else
      tell({
        id,
        kind: 'failed',
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  }
}
