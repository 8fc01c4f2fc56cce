import { parentPort, workerData } from 'node:worker_threads';
import type { ErrorCode } from '@anarq/common-schemas';
import { forkPast, type ForkAnswer, type ForkOrder } from './forkedPast.ts';
import { LedgerRefusal, refusalOf } from './refusal.ts';

/** What the thread answers, once. */
export type ForkTold =
  | { readonly kind: 'answer'; readonly answer: ForkAnswer }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

function told(order: ForkOrder): ForkTold {
  try {
    return { kind: 'answer', answer: forkPast(order) };
  } catch (error) {
    const refusal = error instanceof LedgerRefusal ? error : refusalOf(error);
    if (refusal === undefined) throw error;
    return { kind: 'refused', code: refusal.code, message: refusal.message };
  }
}

parentPort?.postMessage(told(workerData as ForkOrder));
