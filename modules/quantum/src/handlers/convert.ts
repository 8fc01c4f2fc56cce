import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';

export const convert = handler(quantum.convert, async ({ text, format, to }, ctx) =>
  deskOf(ctx).ask({ kind: 'convert', source: { text, format }, to }),
);
