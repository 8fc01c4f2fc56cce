import { setTimeout } from 'node:timers/promises';
import { addDecimal } from '@anarq/decimal';
import type { Agent, ToolAnswer } from '../agent.ts';
import type { Asked } from './circuits.ts';

/** A run as the agent sees it at its end. */
export interface Bought {
  readonly runId: string;
  readonly counts: readonly { readonly bits: string; readonly count: number }[];
  readonly expectations: readonly { readonly value: number }[];
  readonly shots: number;
  readonly method: string;
  readonly why: string;
  readonly memory_bytes: number;
  readonly duration_ms: number;
  readonly price: string;
  readonly record: string;
}

const ASK_EVERY_MS = 15;

/** An agent that runs circuits over MCP, each as a job that it pays within its budget. */
export class Buyer {
  readonly #agent: Agent;
  readonly #maxPrice: string;
  readonly #unit: string;
  /** What all runs together cost. */
  spent = '0';
  runs = 0;

  constructor(agent: Agent, offer: { readonly maxPrice: string; readonly unit: string }) {
    this.#agent = agent;
    this.#maxPrice = offer.maxPrice;
    this.#unit = offer.unit;
  }

  /** Asks for a run; what the node answers at once: a job, or a refusal. */
  ask({ name, text, shots, observables, parameters }: Asked): Promise<ToolAnswer> {
    return this.#agent.use('quantum.run', {
      name,
      text,
      shots,
      seed: String(1_000 + this.runs),
      ...(observables === undefined ? {} : { observables }),
      ...(parameters === undefined ? {} : { parameters }),
      maxPrice: this.#maxPrice,
      unit: this.#unit,
      again: true,
    });
  }

  /** @throws Error where the run does not end well */
  async run(asked: Asked): Promise<Bought> {
    return this.result(await this.ask(asked));
  }

  /** All outcomes of a run: its job shows the first of them. */
  async outcomes({ runId }: Bought): Promise<Bought['counts']> {
    const counts: Bought['counts'][number][] = [];
    for (let cursor: unknown; ;) {
      const part = must(
        await this.#agent.use('quantum.result', {
          runId,
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      counts.push(...(part['counts'] as Bought['counts']));
      cursor = part['next'];
      if (cursor === undefined) return counts;
    }
  }

  /** Waits for the job that was answered, and takes its result. */
  async result(answer: ToolAnswer): Promise<Bought> {
    const jobId = String(must(answer)['jobId']);
    for (;;) {
      const job = must(await this.#agent.use('node.job', { jobId }));
      const error = job['error'] as { code: string; message: string } | undefined;
      if (error !== undefined) throw new Error(`${error.code}: ${error.message}`);
      if (job['state'] === 'DONE') {
        const result = job['result'] as Omit<Bought, 'record'>;
        this.runs += 1;
        this.spent = addDecimal(this.spent, result.price);
        return { ...result, record: String(job['record']) };
      }
      await setTimeout(ASK_EVERY_MS);
    }
  }
}

function must(answer: ToolAnswer): Readonly<Record<string, unknown>> {
  if (answer.status === 'ok' && answer.data !== undefined) return answer.data;
  throw new Error(`${answer.code}: ${answer.message}`);
}
