import {
  originalPositions,
  paddedQubits,
  planSteps,
  type Precision,
  type Reals,
} from '@anarq/quantum-engine';
import { optimiseLater } from '@anarq/quantum/local';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import { circuitNamed, type CircuitName } from './circuits.ts';
import { firstAmplitude, runnerFor, type Runner, type Side } from './executors.ts';
import type { Measured } from './peers.ts';
import { stepsOf } from './steps.ts';

/** Our side, in a process of its own: it is one executor, and runs the circuits it is told to. */
export interface Ours {
  readonly side: Side;
  readonly precision: Precision;
  readonly threads: number;
}

export type OursOrder =
  /** What it runs with; undefined where it cannot run here. */
  | { readonly kind: 'about' }
  | { readonly kind: 'run'; readonly circuit: CircuitName }
  /** Plans some times and runs once, as a process that has been up for a while has done. */
  | { readonly kind: 'warm'; readonly circuit: CircuitName }
  /** Bytes of the process at its largest, before and after a run, and of the state. */
  | { readonly kind: 'peak'; readonly circuit: CircuitName };

/** Planning is part of it; what came before is making the state, as for the peers. */
export interface OurRun extends Measured {
  readonly planSeconds: number;
}

export interface Peak {
  readonly before: number;
  readonly after: number;
  readonly state: number;
}

// As whatever runs circuits does.
optimiseLater();
const { side, precision, threads } = argumentOf<Ours>();
const runner = await runnerFor(side, precision, threads);
/** Kept for the next run of as many qubits, as the peers' memory is not given back in between either. */
let state: Reals | undefined;

function stateFor(using: Runner, qubits: number): Reals {
  const padded = paddedQubits(qubits);
  if (state?.length !== 2 ** (padded + 1)) {
    if (state !== undefined) using.release(state);
    state = using.allocate(padded);
  }
  // Every page is there before the clock runs.
  state.fill(0);
  state[0] = 1;
  return state;
}

function run(using: Runner, name: CircuitName): OurRun {
  const circuit = circuitNamed(name);
  const steps = stepsOf(circuit);
  const on = stateFor(using, circuit.qubits);
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const plan = planSteps(steps, originalPositions(circuit.qubits));
  const planned = performance.now();
  using.run(on, plan);
  const ended = performance.now();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    seconds: (ended - began) / 1_000,
    cpuSeconds: (user + system) / 1e6,
    planSeconds: (planned - began) / 1_000,
    amplitude: firstAmplitude(on, precision),
  };
}

const PLANS_WARM = 10;

function warm(using: Runner, name: CircuitName): OurRun {
  const circuit = circuitNamed(name);
  const steps = stepsOf(circuit);
  for (let time = 0; time < PLANS_WARM; time += 1)
    planSteps(steps, originalPositions(circuit.qubits));
  return run(using, name);
}

function peak(using: Runner, name: CircuitName): Peak {
  const peakOf = (): number => process.resourceUsage().maxRSS * 1_024;
  const before = peakOf();
  run(using, name);
  return { before, after: peakOf(), state: state?.byteLength ?? 0 };
}

answerOrders<OursOrder>(
  (order) => {
    if (order.kind === 'about') return Promise.resolve(runner?.about);
    if (runner === undefined) throw new Error(`${side} does not run here`);
    const does = { run, warm, peak }[order.kind];
    return Promise.resolve(does(runner, order.circuit));
  },
  () => Promise.resolve(),
);
