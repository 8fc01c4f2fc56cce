import { Reached, startCoverage, type Coverage, type Taken } from './coverage.ts';
import { problemOf, type Decoder } from './decoder.ts';
import { minimise } from './minimise.ts';
import { mutate } from './mutate.ts';
import { randomFrom } from './random.ts';

/** Inputs between two looks at the coverage, which costs more than most of them. */
const BATCH = 100;
const CORPUS_MAX = 2_000;
/** Blocks that may run for some bytes: so much, and so much for each byte of them. */
const STEPS = 20_000;
const STEPS_A_BYTE = 400;

export interface Found {
  readonly problem: string;
  readonly bytes: Uint8Array;
}

export interface FuzzResult {
  readonly runs: number;
  /** Inputs that reached something new. */
  readonly corpus: number;
  /** Functions of our own code reached. */
  readonly functions: number;
  readonly found: readonly Found[];
}

/** Looks for bytes that a decoder takes wrongly, led by what they reach; the same for the same seed. */
export function fuzz(
  decoder: Decoder,
  options: {
    readonly seed: number;
    readonly runs: number;
    readonly isOurs: (url: string) => boolean;
  },
): FuzzResult {
  const random = randomFrom(options.seed);
  const coverage = startCoverage(options.isOurs);
  const reached = new Reached();
  const corpus: Uint8Array[] = [];
  const found = new Map<string, Found>();
  const words = decoder.words ?? [];
  try {
    coverage.take();
    const look = (inputs: readonly Uint8Array[]): void => {
      for (const bytes of inputs) note(problemOf(decoder, bytes), bytes);
      const taken = coverage.take();
      const bound = inputs.reduce((sum, { length }) => sum + stepsFor(length), 0);
      if (!reached.isNew(taken) && taken.steps <= bound) return;
      for (const bytes of inputs) lookAt(bytes);
    };
    const lookAt = (bytes: Uint8Array): void => {
      const taken = reach(decoder, bytes, coverage);
      const { steps } = taken;
      if (steps > stepsFor(bytes.length))
        note(`takes ${steps} steps`, bytes, 'takes too many steps');
      if (!reached.isNew(taken)) return;
      reached.add(taken);
      if (corpus.length < CORPUS_MAX) corpus.push(bytes);
    };
    const note = (problem: string | undefined, bytes: Uint8Array, key = problem): void => {
      if (problem === undefined || key === undefined || found.has(key)) return;
      const isSame = (smaller: Uint8Array) => problemOf(decoder, smaller) === problem;
      found.set(key, { problem, bytes: isSame(bytes) ? minimise(bytes, isSame) : bytes });
    };
    for (const bytes of decoder.seeds) lookAt(bytes);
    for (const bytes of decoder.seeds) note(problemOf(decoder, bytes), bytes);
    const known = (): readonly Uint8Array[] => (corpus.length > 0 ? corpus : [new Uint8Array()]);
    for (let runs = 0; runs < options.runs; runs += BATCH)
      look(
        Array.from({ length: BATCH }, () => mutate(random.pick(known()), known(), words, random)),
      );
  } finally {
    coverage.stop();
  }
  return {
    runs: options.runs,
    corpus: corpus.length,
    functions: reached.functions,
    found: [...found.values()],
  };
}

const stepsFor = (bytes: number): number => STEPS + STEPS_A_BYTE * bytes;

function reach(decoder: Decoder, bytes: Uint8Array, coverage: Coverage): Taken {
  coverage.take();
  problemOf(decoder, bytes);
  return coverage.take();
}
