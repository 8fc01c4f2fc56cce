import { pathToFileURL } from 'node:url';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import { circuitNamed, type CircuitName } from './circuits.ts';
import { qasmText } from './formats.ts';
import type { Measured } from './peers.ts';

export interface PackageOrder {
  readonly kind: 'run';
  readonly circuit: CircuitName;
}

/** What is used of npm's quantum-circuit. */
interface Simulator {
  importQASM(text: string): void;
  run(): void;
  /** Amplitudes that are not zero, by index. */
  readonly state: Readonly<Record<string, { readonly re: number; readonly im: number }>>;
}

const { entry } = argumentOf<{ readonly entry: string }>();
const loaded = (await import(pathToFileURL(entry).href)) as { default: new () => Simulator };

function run(name: CircuitName): Measured {
  const simulator = new loaded.default();
  simulator.importQASM(qasmText(circuitNamed(name)));
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  simulator.run();
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const zero = simulator.state['0'];
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    amplitude: [zero?.re ?? 0, zero?.im ?? 0],
  };
}

answerOrders<PackageOrder>(
  ({ circuit }) => Promise.resolve(run(circuit)),
  () => Promise.resolve(),
);
