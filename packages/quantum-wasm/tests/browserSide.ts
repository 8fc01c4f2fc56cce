import { browserExecutor } from '../src/browser.ts';

/** A plan as JSON, and on what it is run. */
export interface Case {
  readonly precision: 'f32' | 'f64';
  readonly strict: boolean;
  readonly threads: number;
  readonly plan: {
    readonly qubits: number;
    readonly code: readonly number[];
    readonly data: readonly number[];
    readonly positions: readonly number[];
  };
}

/** What the numbers of the state are in the end, as they lie in memory; or what went wrong. */
export type Answer = { readonly state: readonly number[] } | { readonly problem: string };

/** Runs in the browser: in the thread of a page, and in a worker of it. */
export async function answerTo({ precision, strict, threads, plan }: Case): Promise<Answer> {
  try {
    const pool = await browserExecutor({ precision, strict, threads });
    const state = pool.executor.allocate(plan.qubits);
    pool.executor.run(state, {
      ...plan,
      code: Int32Array.from(plan.code),
      data: Float64Array.from(plan.data),
    });
    const numbers = [...state];
    await pool.close();
    return { state: numbers };
  } catch (error) {
    return { problem: String(error) };
  }
}
