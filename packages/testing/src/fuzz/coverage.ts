import { Session, type Profiler } from 'node:inspector';

type Interval = readonly [start: number, end: number];

/** What ran since the last time it was asked: each function, and the parts of it that did not run. */
export interface Taken {
  readonly functions: ReadonlyMap<string, readonly Interval[]>;
  /** How often blocks ran, all together. */
  readonly steps: number;
}

export interface Coverage {
  take(): Taken;
  stop(): void;
}

/** What was reached so far. V8 cuts ranges differently each time, so parts are compared, not ranges. */
export class Reached {
  readonly #left = new Map<string, readonly Interval[]>();

  get functions(): number {
    return this.#left.size;
  }

  /** Did anything run that never ran before? */
  isNew({ functions }: Taken): boolean {
    for (const [name, left] of functions) {
      const known = this.#left.get(name);
      if (known === undefined || known.some((part) => !isWithin(part, left))) return true;
    }
    return false;
  }

  add({ functions }: Taken): void {
    for (const [name, left] of functions)
      this.#left.set(name, meet(this.#left.get(name) ?? left, left));
  }
}

const isWithin = ([start, end]: Interval, parts: readonly Interval[]): boolean =>
  parts.some(([from, to]) => from <= start && end <= to);

const meet = (some: readonly Interval[], others: readonly Interval[]): Interval[] =>
  some.flatMap(([start, end]) =>
    others
      .map(([from, to]): Interval => [Math.max(start, from), Math.min(end, to)])
      .filter(([from, to]) => from < to),
  );

/** Precise block coverage of V8, for scripts whose URL the predicate takes. */
export function startCoverage(isOurs: (url: string) => boolean): Coverage {
  const session = new Session();
  session.connect();
  const post = <T>(method: string, params: object = {}): T => {
    let answer: T | undefined;
    let problem: Error | null = null;
    // In one thread the answer comes before `post` returns.
    session.post(method, params, (error: Error | null, result?: object) => {
      problem = error;
      answer = result as T;
    });
    if (problem !== null) throw problem;
    if (answer === undefined) throw new Error(`${method} did not answer at once`);
    return answer;
  };
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return {
    take: () => {
      const { result } = post<Profiler.TakePreciseCoverageReturnType>(
        'Profiler.takePreciseCoverage',
      );
      const reached = new Map<string, readonly Interval[]>();
      let steps = 0;
      for (const { scriptId, url, functions } of result) {
        if (!isOurs(url)) continue;
        for (const { ranges } of functions) {
          const [whole] = ranges;
          if (whole === undefined || whole.count === 0) continue;
          const left = ranges.filter(({ count }) => count === 0);
          reached.set(
            `${scriptId}:${whole.startOffset}`,
            left.map(({ startOffset, endOffset }) => [startOffset, endOffset]),
          );
          for (const { count } of ranges) steps += count;
        }
      }
      return { functions: reached, steps };
    },
    stop: () => {
      post('Profiler.stopPreciseCoverage');
      session.disconnect();
    },
  };
}
