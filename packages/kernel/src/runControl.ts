import { QError } from '@anarq/common-schemas';
import type { WaitOrder } from './waits.ts';

/** Why a process that is under way is to stop. */
export type StopCode = 'CANCELLED' | 'DEADLINE_EXCEEDED' | 'ABANDONED' | 'STOPPED';

/** What a run of a handler has of the process around it. */
export interface RunControl {
  stop(): StopCode | undefined;
  progress(done: number, total?: number, note?: string): void;
  /** Begins to wait; the run ends with that. */
  wait(
    at: { readonly name: string; readonly place: number; readonly digest: string },
    order: WaitOrder,
  ): Promise<void>;
}

/** The refusal by which a process that is to stop ends. */
export function stoppedBy(code: StopCode): QError {
  switch (code) {
    case 'CANCELLED':
      return new QError(
        'CANCELLED',
        'It was cancelled by whom it is for; what it had done was undone.',
      );
    case 'DEADLINE_EXCEEDED':
      return new QError('DEADLINE_EXCEEDED');
    case 'STOPPED':
      return new QError(
        'CANCELLED',
        'Somebody behind it was stopped; what it had done was undone.',
      );
    case 'ABANDONED':
      return new QError('CANCELLED', 'The operator gave it up; what it had done was undone.');
  }
}

/** Marks an open process as one to stop; the first who says so decides why. */
export const stopStatement = (id: string, code: StopCode) => ({
  name: `stop ${id}`,
  sql: `UPDATE kernel_process SET stop_code = :code, wakes = wakes + 1
        WHERE id = :id AND state = 'RUNNING' AND stop_code IS NULL`,
  params: { id, code },
});
