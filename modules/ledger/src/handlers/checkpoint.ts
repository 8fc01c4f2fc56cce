import { handler } from '@anarq/kernel';
import { booksOf } from '../books/books.ts';
import { ledger } from '../contract.ts';

export const checkpoint = handler(ledger.checkpoint, async (_input, ctx) => {
  const { signed } = booksOf(ctx);
  const { transfers, accounts, position } = await signed.covering(0);
  return { key: signed.vkey, transfers, accounts, events: position.events };
});
