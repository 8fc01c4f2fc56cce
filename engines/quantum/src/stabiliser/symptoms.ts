/**
 * What an error changes: detectors and observables, ascending, observables after all detectors. An
 * observable is its index plus OBSERVABLE.
 */
export type Symptoms = readonly number[];

export const OBSERVABLE = 2 ** 30;

export const NONE: Symptoms = [];

/** What stands in one of the two only. */
export function difference(a: Symptoms, b: Symptoms): Symptoms {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const result: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = i < a.length ? a[i]! : Infinity;
    const y = j < b.length ? b[j]! : Infinity;
    if (x < y) result.push(x);
    else if (y < x) result.push(y);
    if (x <= y) i += 1;
    if (y <= x) j += 1;
  }
  return result;
}

/** How many of them are detectors. */
export function detectorsIn(symptoms: Symptoms): number {
  let count = symptoms.length;
  while (count > 0 && symptoms[count - 1]! >= OBSERVABLE) count -= 1;
  return count;
}
