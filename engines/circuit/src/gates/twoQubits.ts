import { adjoint, controlled, matrixOf, rotationOf, tensor } from '../matrix.ts';
import { controlledBy, expi, gate, i, rotating, type Entry } from './define.ts';
import { general, gpi, H, phase, S, SQRT_X, X, Y, Z } from './oneQubit.ts';

const { cos, sin, SQRT1_2: r } = Math;

export const SWAP = matrixOf([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
const XX = tensor(X, X);
const YY = tensor(Y, Y);
const ZZ = tensor(Z, Z);
export const CX = controlled(X);
const ISWAP = matrixOf([1, 0, 0, 0, 0, 0, i, 0, 0, i, 0, 0, 0, 0, 0, 1]);

/** A control before a gate of one qubit. */
export const twoQubitControlled = [
  gate('cx', {
    matrix: CX,
    stabiliser: 'XX Z_ _X ZZ',
    qasm2: 'cx CX',
    qasm3: 'cx CX',
    stim: 'CX CNOT ZCX',
    symbols: '● ⊕',
  }),
  gate('cy', {
    matrix: controlled(Y),
    steps: 'sdg 1; cx 0 1; s 1',
    stabiliser: 'XY Z_ ZX ZZ',
    qasm2: 'cy',
    qasm3: 'cy',
    stim: 'CY ZCY',
    symbols: '● Y',
  }),
  gate('cz', {
    matrix: controlled(Z),
    steps: 'h 1; cx 0 1; h 1',
    stabiliser: 'XZ Z_ ZX _Z',
    qasm2: 'cz',
    qasm3: 'cz',
    stim: 'CZ ZCZ',
    symbols: '● ●',
  }),
  gate('ch', {
    matrix: controlled(H),
    steps: 'ry(-pi/4) 1; cz 0 1; ry(pi/4) 1',
    qasm2: 'ch',
    qasm3: 'ch',
    symbols: '● H',
  }),
  gate('cs', {
    matrix: controlled(S),
    inverse: 'csdg',
    steps: 'cp(pi/2) 0 1',
    symbols: '● S',
  }),
  gate('csdg', {
    matrix: controlled(adjoint(S)),
    inverse: 'cs',
    steps: 'cp(-pi/2) 0 1',
    symbols: '● S†',
  }),
  gate('csx', {
    matrix: controlled(SQRT_X),
    inverse: 'csxdg',
    steps: 'h 1; cp(pi/2) 0 1; h 1',
    qasm2: 'csx',
    symbols: '● √X',
  }),
  gate('csxdg', {
    matrix: controlled(adjoint(SQRT_X)),
    inverse: 'csx',
    steps: 'h 1; cp(-pi/2) 0 1; h 1',
    symbols: '● √X†',
  }),
  gate('cp', {
    params: 'lambda',
    matrix: controlledBy(phase),
    inverse: 'cp(-lambda)',
    steps: 'p(lambda/2) 0; cx 0 1; p(-lambda/2) 1; cx 0 1; p(lambda/2) 1',
    qasm2: 'cp',
    qasm3: 'cp cphase',
    symbols: '● P',
  }),
  gate('cu1', {
    params: 'lambda',
    matrix: controlledBy(phase),
    inverse: 'cu1(-lambda)',
    steps: 'cp(lambda) 0 1',
    qasm2: 'cu1',
    symbols: '● U1',
  }),
  gate('crx', {
    params: 'theta',
    matrix: controlledBy(rotating(X)),
    inverse: 'crx(-theta)',
    steps: 'h 1; crz(theta) 0 1; h 1',
    qasm2: 'crx',
    qasm3: 'crx',
    symbols: '● Rx',
  }),
  gate('cry', {
    params: 'theta',
    matrix: controlledBy(rotating(Y)),
    inverse: 'cry(-theta)',
    steps: 'ry(theta/2) 1; cx 0 1; ry(-theta/2) 1; cx 0 1',
    qasm2: 'cry',
    qasm3: 'cry',
    symbols: '● Ry',
  }),
  gate('crz', {
    params: 'theta',
    matrix: controlledBy(rotating(Z)),
    inverse: 'crz(-theta)',
    steps: 'rz(theta/2) 1; cx 0 1; rz(-theta/2) 1; cx 0 1',
    qasm2: 'crz',
    qasm3: 'crz',
    symbols: '● Rz',
  }),
  gate('cu3', {
    params: 'theta phi lambda',
    matrix: controlledBy(general),
    inverse: 'cu3(-theta, -lambda, -phi)',
    steps:
      'p((lambda + phi)/2) 0; p((lambda - phi)/2) 1; cx 0 1; ' +
      'u3(-theta/2, 0, -(phi + lambda)/2) 1; cx 0 1; u3(theta/2, phi, 0) 1',
    qasm2: 'cu3',
    symbols: '● U3',
  }),
  gate('cu', {
    params: 'theta phi lambda gamma',
    matrix: controlledBy(general),
    inverse: 'cu(-theta, -lambda, -phi, -gamma)',
    steps: 'p(gamma) 0; cu3(theta, phi, lambda) 0 1',
    qasm2: 'cu',
    qasm3: 'cu',
    symbols: '● U',
  }),
];

/** Exchanges, and turns about products of two Paulis. */
export const twoQubitOthers = [
  gate('swap', {
    matrix: SWAP,
    steps: 'cx 0 1; cx 1 0; cx 0 1',
    stabiliser: '_X _Z X_ Z_',
    qasm2: 'swap',
    qasm3: 'swap',
    stim: 'SWAP',
    symbols: '× ×',
  }),
  gate('iswap', {
    matrix: ISWAP,
    inverse: 'iswap_dag',
    steps: 's 0; s 1; cz 0 1; swap 0 1',
    stabiliser: 'ZY _Z YZ Z_',
    stim: 'ISWAP',
    symbols: 'iSwap iSwap',
  }),
  gate('iswap_dag', {
    matrix: adjoint(ISWAP),
    inverse: 'iswap',
    steps: 'sdg 0; sdg 1; cz 0 1; swap 0 1',
    stabiliser: '-ZY _Z -YZ Z_',
    stim: 'ISWAP_DAG',
    symbols: 'iSwap† iSwap†',
  }),
  gate('dcx', {
    matrix: matrixOf([1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0]),
    inverse: 'cxswap',
    steps: 'cx 0 1; cx 1 0',
    stabiliser: '_X ZZ XX Z_',
    symbols: 'DCX:0 DCX:1',
  }),
  gate('ecr', {
    matrix: matrixOf([0, r, 0, [0, r], r, 0, [0, -r], 0, 0, [0, r], 0, r, [0, -r], 0, r, 0]),
    steps: 'rzx(pi/2) 0 1; x 0',
    stabiliser: '-YX -Z_ _X ZY',
    symbols: 'ECR:0 ECR:1',
  }),
  gate('rxx', {
    params: 'theta',
    matrix: rotating(XX),
    inverse: 'rxx(-theta)',
    steps: 'h 0; h 1; rzz(theta) 0 1; h 0; h 1',
    qasm2: 'rxx',
    symbols: 'Rxx Rxx',
  }),
  gate('ryy', {
    params: 'theta',
    matrix: rotating(YY),
    inverse: 'ryy(-theta)',
    steps: 'rx(pi/2) 0; rx(pi/2) 1; rzz(theta) 0 1; rx(-pi/2) 0; rx(-pi/2) 1',
    symbols: 'Ryy Ryy',
  }),
  gate('rzz', {
    params: 'theta',
    matrix: rotating(ZZ),
    inverse: 'rzz(-theta)',
    steps: 'cx 0 1; rz(theta) 1; cx 0 1',
    qasm2: 'rzz',
    symbols: 'Rzz Rzz',
  }),
  gate('rzx', {
    params: 'theta',
    matrix: rotating(tensor(Z, X)),
    inverse: 'rzx(-theta)',
    steps: 'h 1; rzz(theta) 0 1; h 1',
    symbols: 'Rzx:Z Rzx:X',
  }),
  // exp(-i theta/4 (XX + YY)) between turns of operand 0 about Z by beta.
  gate('xx_plus_yy', {
    params: 'theta beta',
    matrix: (theta = 0, beta = 0) => {
      const [c, n] = expi(beta);
      const s = sin(theta / 2);
      const stay = cos(theta / 2);
      const up: Entry = [-n * s, -c * s];
      const down: Entry = [n * s, -c * s];
      return matrixOf([1, 0, 0, 0, 0, stay, up, 0, 0, down, stay, 0, 0, 0, 0, 1]);
    },
    inverse: 'xx_plus_yy(-theta, beta)',
    steps: 'rz(beta) 0; cx 0 1; crx(theta) 1 0; cx 0 1; rz(-beta) 0',
    symbols: 'XX+YY:0 XX+YY:1',
  }),
  // exp(-i theta/4 (XX - YY)) between turns of operand 1 about Z by -beta.
  gate('xx_minus_yy', {
    params: 'theta beta',
    matrix: (theta = 0, beta = 0) => {
      const [c, n] = expi(beta);
      const s = sin(theta / 2);
      const stay = cos(theta / 2);
      const down: Entry = [-n * s, -c * s];
      const up: Entry = [n * s, -c * s];
      return matrixOf([stay, 0, 0, down, 0, 1, 0, 0, 0, 0, 1, 0, up, 0, 0, stay]);
    },
    inverse: 'xx_minus_yy(-theta, beta)',
    steps: 'rz(-beta) 1; cx 0 1; x 1; crx(theta) 1 0; x 1; cx 0 1; rz(beta) 1',
    symbols: 'XX-YY:0 XX-YY:1',
  }),
  // Hopping and a phase on |11>: exp(-i theta (XX + YY) / 2), then exp(-i phi |11><11|).
  gate('fsim', {
    params: 'theta phi',
    matrix: (theta = 0, phi = 0) => {
      const hop: Entry = [0, -sin(theta)];
      const stay = cos(theta);
      return matrixOf([1, 0, 0, 0, 0, stay, hop, 0, 0, hop, stay, 0, 0, 0, 0, expi(-phi)]);
    },
    inverse: 'fsim(-theta, -phi)',
    steps: 'cx 0 1; crx(2*theta) 1 0; cx 0 1; cp(-phi) 0 1',
    symbols: 'fSim fSim',
  }),
  // IonQ's gates of two ions, with angles in radians: its `ms` turns about gpi(phi0) gpi(phi1).
  gate('ms', {
    params: 'phi0 phi1 theta',
    matrix: (phi0 = 0, phi1 = 0, theta = 0) => rotationOf(tensor(gpi(phi0), gpi(phi1)), theta),
    inverse: 'ms(phi0, phi1, -theta)',
    steps: 'rz(-phi0) 0; rz(-phi1) 1; rxx(theta) 0 1; rz(phi0) 0; rz(phi1) 1',
    symbols: 'MS:0 MS:1',
  }),
  gate('zz', {
    params: 'theta',
    matrix: rotating(ZZ),
    inverse: 'zz(-theta)',
    steps: 'rzz(theta) 0 1',
    symbols: 'ZZ ZZ',
  }),
];
