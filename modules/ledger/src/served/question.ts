import type { Asked } from '../socket/desk.ts';

/** A question that a connection asked, and the records that answer it. */
export interface Question {
  readonly ticket: string;
  readonly asked: Asked;
  answer?: readonly Uint8Array[];
}
