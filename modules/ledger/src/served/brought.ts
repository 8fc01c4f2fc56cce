import type { BroughtBatch } from './broughtBatch.ts';
import type { Question } from './question.ts';

/** What connections brought, for as long as their calls take: batches and questions by their tickets. */
export class Brought {
  readonly #batches = new Map<string, BroughtBatch>();
  readonly #questions = new Map<string, Question>();

  batch(ticket: string): BroughtBatch | undefined {
    return this.#batches.get(ticket);
  }

  question(ticket: string): Question | undefined {
    return this.#questions.get(ticket);
  }

  keepBatch(batch: BroughtBatch): void {
    this.#batches.set(batch.ticket, batch);
  }

  keepQuestion(question: Question): void {
    this.#questions.set(question.ticket, question);
  }

  forget(ticket: string): void {
    this.#batches.delete(ticket);
    this.#questions.delete(ticket);
  }
}
