import { CircuitError } from '@anarq/circuit';
import type { ErrorComponent, ErrorMechanism } from './errorModel.ts';
import { detectorsIn, difference, OBSERVABLE, type Symptoms } from './symptoms.ts';

/** Errors that change the same, and which part of it comes of X errors, which of Z errors. */
export interface Mechanism {
  probability: number;
  readonly symptoms: Symptoms;
  x: Symptoms;
  z: Symptoms;
}

/** An error with more detectors than this is not searched for a way to take it apart. */
const DETECTORS_MAX = 12;

/**
 * Takes errors apart into components with at most two detectors: into the X and the Z part, and a part
 * that has more into errors with at most two that the circuit has too. The result is in the order of
 * detectors and observables.
 * @throws CircuitError UNSUPPORTED where there is no such way
 */
export function decompose(mechanisms: readonly Mechanism[]): ErrorMechanism[] {
  /** Of errors with at most two detectors: by their detectors, what they do to observables. */
  const known = new Map<string, Symptoms[]>();
  for (const { symptoms, x, z } of mechanisms) {
    const count = detectorsIn(symptoms);
    if (count === 0 || count > 2 || (x.length > 0 && z.length > 0)) continue;
    const key = symptoms.slice(0, count).join();
    known.set(key, [...(known.get(key) ?? []), symptoms]);
  }
  return mechanisms
    .toSorted((a, b) => compare(a.symptoms, b.symptoms))
    .map((mechanism) => ({
      probability: mechanism.probability,
      components: componentsOf(mechanism, known).map(component),
    }));
}

function componentsOf(
  { symptoms, x, z }: Mechanism,
  known: ReadonlyMap<string, readonly Symptoms[]>,
): readonly Symptoms[] {
  const parts = [x, z];
  if (parts.every((part) => detectorsIn(part) > 0)) {
    const searched = parts.map((part) => (detectorsIn(part) <= 2 ? [part] : search(part, known)));
    if (searched.every((part) => part !== undefined)) return searched.flat().toSorted(compare);
  }
  if (detectorsIn(symptoms) <= 2) return [symptoms];
  const found = search(symptoms, known);
  if (found !== undefined) return found;
  throw new CircuitError(
    'UNSUPPORTED',
    `An error fires the detectors ${symptoms.slice(0, detectorsIn(symptoms)).join(', ')} at once, and does not come apart into errors with at most two.`,
  );
}

/** Known errors with at most two detectors that together change just this, as few as there are; or undefined. */
function search(
  symptoms: Symptoms,
  known: ReadonlyMap<string, readonly Symptoms[]>,
): readonly Symptoms[] | undefined {
  const count = detectorsIn(symptoms);
  if (count > DETECTORS_MAX) return undefined;
  if (count === 0) return symptoms.length === 0 ? [] : undefined;
  const [first] = symptoms as readonly [number];
  let best: readonly Symptoms[] | undefined;
  for (let other = 1; other <= count; other += 1) {
    const pair = other === count ? `${first}` : `${first},${symptoms[other]}`;
    for (const candidate of known.get(pair) ?? []) {
      const rest = search(difference(symptoms, candidate), known);
      if (rest !== undefined && (best === undefined || rest.length + 1 < best.length))
        best = [candidate, ...rest];
    }
    // Pairs, where there is a way with them, have the fewest components.
    if (best !== undefined && best.length <= Math.ceil(count / 2)) return best;
  }
  return best;
}

function component(symptoms: Symptoms): ErrorComponent {
  const count = detectorsIn(symptoms);
  return {
    detectors: symptoms.slice(0, count),
    observables: symptoms.slice(count).map((symptom) => symptom - OBSERVABLE),
  };
}

function compare(a: Symptoms, b: Symptoms): number {
  for (let k = 0; k < a.length && k < b.length; k += 1) if (a[k] !== b[k]) return a[k]! - b[k]!;
  return a.length - b.length;
}
