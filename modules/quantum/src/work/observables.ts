import type { Observable, PauliFactor, PauliTerm } from '@anarq/quantum-engine';
import { Refused } from './orders.ts';

/** Terms of one observable. */
const TERMS_MAX = 10_000;
/** A number, a Pauli with its qubit, or a sign between terms. */
const TOKEN =
  /\s*(?:([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|([IXYZixyz])\s?([0-9]{1,7})?|([-+*]))/y;

/**
 * Reads a sum of Pauli products: `0.5*Z0 Z1 - X2 + 3`. A term has at most one number, at its
 * beginning; qubits of a product are different; `I` is the identity.
 * @throws Refused with the place in the text
 */
export function readObservable(text: string, qubits: number): Observable {
  const terms: PauliTerm[] = [];
  const refuse = (at: number, message: string): never => {
    throw new Refused({
      code: 'INPUT',
      message: `${message} (column ${at + 1} of the observable)`,
      column: at + 1,
      excerpt: text.slice(Math.max(0, at - 40), at + 40),
      caret: Math.min(at, 40),
    });
  };
  const blankEnd = (at: number): number =>
    at + text.slice(at).length - text.slice(at).trimStart().length;
  let sign = 1;
  let coefficient: number | undefined;
  let factors: PauliFactor[] = [];
  let isOpen = false;
  const close = (at: number): void => {
    if (!isOpen) refuse(at, 'A term is missing');
    if (terms.length >= TERMS_MAX) refuse(at, `An observable has at most ${TERMS_MAX} terms`);
    terms.push({ coefficient: sign * (coefficient ?? 1), factors });
    coefficient = undefined;
    factors = [];
    isOpen = false;
  };
  let isSigned = false;
  for (let at = 0, end = text.trimEnd().length; at < end;) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    const place =
      found === null ? blankEnd(at) : at + found[0].length - found[0].trimStart().length;
    if (found === null) {
      refuse(place, 'Expected a number, a Pauli such as Z0, or a sign');
      break;
    }
    const [, number, pauli, index, sign_] = found;
    if (number !== undefined) {
      if (isOpen) refuse(place, 'A number stands at the beginning of a term');
      coefficient = Number(number);
      if (!Number.isFinite(coefficient)) refuse(place, 'The number is too large');
      isOpen = true;
    } else if (pauli !== undefined) {
      add(pauli.toUpperCase(), index, place);
      isOpen = true;
    } else if (sign_ === '*') {
      if (!isOpen) refuse(place, 'Nothing stands before this *');
    } else {
      if (isOpen || isSigned || terms.length > 0) close(place);
      sign = sign_ === '-' ? -1 : 1;
      isSigned = true;
    }
    at = TOKEN.lastIndex;
  }
  close(text.length);
  return terms;

  function add(letter: string, index: string | undefined, place: number): void {
    if (letter === 'I') return;
    if (index === undefined)
      return refuse(place, `${letter} needs the number of its qubit: ${letter}0`);
    const qubit = Number(index);
    if (qubit >= qubits) refuse(place, `There is no qubit ${qubit}; the circuit has ${qubits}`);
    if (factors.some((factor) => factor.qubit === qubit))
      refuse(place, `Qubit ${qubit} stands twice in one product`);
    // The token is one of these letters.
    factors.push({ qubit, pauli: letter as PauliFactor['pauli'] });
  }
}
