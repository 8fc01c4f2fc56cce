import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { ledger } from '../contract.ts';
import { booksOf } from '../books/books.ts';
import { answerTo } from '../served/lookUps.ts';

export const lookUp = handler(ledger.lookUp, async (input, ctx) => {
  const question = booksOf(ctx).brought.question(input.question);
  if (question === undefined)
    return fail('CANCELLED', 'Nobody waits for this answer: questions come over the socket.');
  question.answer = await answerTo(question.asked, ctx);
  return { records: question.answer.length };
});
