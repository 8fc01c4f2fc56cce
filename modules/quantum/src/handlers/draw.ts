import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';

export const draw = handler(quantum.draw, async ({ text, format, as = 'text' }, ctx) =>
  deskOf(ctx).ask({ kind: 'draw', source: { text, format }, as }),
);
