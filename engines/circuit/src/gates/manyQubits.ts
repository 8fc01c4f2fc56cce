import { adjoint, controlled, identityMatrix, matrixOf, type Matrix } from '../matrix.ts';
import { gate, i, minusI, type Entry } from './define.ts';
import { SQRT_X, X, Z } from './oneQubit.ts';
import { SWAP } from './twoQubits.ts';

const withControls = (matrix: Matrix, controls: number): Matrix =>
  controls === 0 ? matrix : withControls(controlled(matrix), controls - 1);

/** The identity with other entries in the places named. */
function identityBut(
  qubits: number,
  places: readonly (readonly [number, number, Entry])[],
): Matrix {
  const matrix = identityMatrix(qubits);
  for (const [row, column, entry] of places) {
    const at = 2 * (row * 2 ** qubits + column);
    matrix.set(matrixOf([entry]), at);
  }
  return matrix;
}

const CCX_STEPS =
  'h 2; cx 1 2; tdg 2; cx 0 2; t 2; cx 1 2; tdg 2; cx 0 2; t 1; t 2; h 2; cx 0 1; t 0; tdg 1; cx 0 1';
/** Like a gate with controls but for phases (Maslov, arXiv:1508.03273). */
const RCCX = identityBut(3, [
  [3, 3, 0],
  [7, 7, 0],
  [3, 7, minusI],
  [7, 3, i],
  [5, 5, -1],
]);
const RC3X = identityBut(4, [
  [3, 3, i],
  [11, 11, minusI],
  [7, 7, 0],
  [15, 15, 0],
  [7, 15, 1],
  [15, 7, -1],
]);
/** Phases of a controlled phase of so many qubits, as c3x of qelib1.inc has them between two h. */
const C3_PHASES =
  'p(A) 0; p(A) 1; p(A) 2; p(A) 3; cx 0 1; p(-A) 1; cx 0 1; cx 1 2; p(-A) 2; cx 0 2; p(A) 2; ' +
  'cx 1 2; p(-A) 2; cx 0 2; cx 2 3; p(-A) 3; cx 1 3; p(A) 3; cx 2 3; p(-A) 3; cx 0 3; p(A) 3; ' +
  'cx 2 3; p(-A) 3; cx 1 3; p(A) 3; cx 2 3; p(-A) 3; cx 0 3';
const c3Phases = (angle: string): string =>
  `h 3; ${C3_PHASES.replaceAll('-A', `-${angle}`).replaceAll('A', angle)}; h 3`;

/** Gates of three qubits and more. Any number of controls can be put on every gate besides. */
export const manyQubits = [
  gate('ccx', {
    matrix: withControls(X, 2),
    steps: CCX_STEPS,
    qasm2: 'ccx',
    qasm3: 'ccx',
    symbols: '● ● ⊕',
  }),
  gate('ccz', { matrix: withControls(Z, 2), steps: 'h 2; ccx 0 1 2; h 2', symbols: '● ● ●' }),
  gate('cswap', {
    matrix: controlled(SWAP),
    steps: 'cx 2 1; ccx 0 1 2; cx 2 1',
    qasm2: 'cswap',
    qasm3: 'cswap',
    symbols: '● × ×',
  }),
  gate('rccx', {
    matrix: RCCX,
    steps: 'h 2; t 2; cx 1 2; tdg 2; cx 0 2; t 2; cx 1 2; tdg 2; h 2',
    qasm2: 'rccx',
    symbols: 'RCCX:0 RCCX:1 RCCX:2',
  }),
  gate('rc3x', {
    matrix: RC3X,
    inverse: 'rc3xdg',
    steps:
      'h 3; t 3; cx 2 3; tdg 3; h 3; cx 0 3; t 3; cx 1 3; tdg 3; cx 0 3; t 3; cx 1 3; tdg 3; ' +
      'h 3; t 3; cx 2 3; tdg 3; h 3',
    qasm2: 'rc3x',
    symbols: 'RC3X:0 RC3X:1 RC3X:2 RC3X:3',
  }),
  gate('rc3xdg', {
    matrix: adjoint(RC3X),
    inverse: 'rc3x',
    steps:
      'h 3; t 3; cx 2 3; tdg 3; h 3; t 3; cx 1 3; tdg 3; cx 0 3; t 3; cx 1 3; tdg 3; cx 0 3; ' +
      'h 3; t 3; cx 2 3; tdg 3; h 3',
    symbols: 'RC3X†:0 RC3X†:1 RC3X†:2 RC3X†:3',
  }),
  gate('c3x', {
    matrix: withControls(X, 3),
    steps: c3Phases('pi/8'),
    qasm2: 'c3x',
    symbols: '● ● ● ⊕',
  }),
  gate('c3sx', {
    matrix: withControls(SQRT_X, 3),
    inverse: 'c3sxdg',
    steps: c3Phases('pi/16'),
    qasm2: 'c3sqrtx',
    symbols: '● ● ● √X',
  }),
  gate('c3sxdg', {
    matrix: withControls(adjoint(SQRT_X), 3),
    inverse: 'c3sx',
    steps: c3Phases('-pi/16').replaceAll('--', ''),
    symbols: '● ● ● √X†',
  }),
  gate('c4x', {
    matrix: withControls(X, 4),
    steps: 'csx 3 4; c3x 0 1 2 3; csxdg 3 4; c3x 0 1 2 3; c3sx 0 1 2 4',
    qasm2: 'c4x',
    symbols: '● ● ● ● ⊕',
  }),
];
