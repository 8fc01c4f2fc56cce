import { adjoint, identityMatrix, matrixOf, type Matrix } from '../matrix.ts';
import { expi, gate, halves, i, minusI, rotating, withPhase } from './define.ts';

const { PI, SQRT1_2, cos, sin } = Math;

export const X = matrixOf([0, 1, 1, 0]);
export const Y = matrixOf([0, minusI, i, 0]);
export const Z = matrixOf([1, 0, 0, -1]);
export const H = matrixOf([SQRT1_2, SQRT1_2, SQRT1_2, -SQRT1_2]);
export const S = matrixOf([1, 0, 0, i]);
export const SQRT_X = halves('1+i 1-i 1-i 1+i');
const SQRT_Y = halves('1+i -1-i 1+i 1+i');
/** The square root of W = (X + Y) / sqrt 2, a gate of random circuits (arXiv:1910.11333). */
const SQRT_W = matrixOf([[0.5, 0.5], [0, -SQRT1_2], SQRT1_2, [0.5, 0.5]]);

/** `U` of OpenQASM 2 and Qiskit, its first entry real; u(theta, phi, lambda). */
const generalEntries = (theta: number, phi: number, lambda: number) => {
  const c = cos(theta / 2);
  const n = sin(theta / 2);
  return [
    c,
    [-cos(lambda) * n, -sin(lambda) * n],
    [cos(phi) * n, sin(phi) * n],
    [cos(phi + lambda) * c, sin(phi + lambda) * c],
  ] as const;
};
export const general = (theta = 0, phi = 0, lambda = 0, gamma = 0): Matrix =>
  gamma === 0
    ? matrixOf(generalEntries(theta, phi, lambda))
    : withPhase(gamma, generalEntries(theta, phi, lambda));
export const phase = (lambda = 0): Matrix => matrixOf([1, 0, 0, expi(lambda)]);
/** A turn by theta about an axis in the plane of X and Y, at angle phi from X. */
const inPlane = (theta = 0, phi = 0): Matrix => general(theta, phi - PI / 2, PI / 2 - phi);
/** X turned about Z by phi. */
export const gpi = (phi = 0): Matrix => {
  const [c, n] = expi(phi);
  return matrixOf([0, [c, -n], [c, n], 0]);
};

/** Paulis, and what turns by a fixed angle about one of their axes. */
export const oneQubitFixed = [
  gate('id', {
    matrix: identityMatrix(1),
    steps: '',
    stabiliser: 'X Z',
    qasm2: 'id',
    qasm3: 'id',
    stim: 'I',
    symbols: 'I',
  }),
  gate('x', {
    matrix: X,
    steps: 'u3(pi, 0, pi) 0',
    stabiliser: 'X -Z',
    qasm2: 'x',
    qasm3: 'x',
    stim: 'X',
    symbols: '⊕',
  }),
  gate('y', {
    matrix: Y,
    steps: 'u3(pi, pi/2, pi/2) 0',
    stabiliser: '-X -Z',
    qasm2: 'y',
    qasm3: 'y',
    stim: 'Y',
    symbols: 'Y',
  }),
  gate('z', {
    matrix: Z,
    steps: 'u3(0, 0, pi) 0',
    stabiliser: '-X Z',
    qasm2: 'z',
    qasm3: 'z',
    stim: 'Z',
    symbols: 'Z',
  }),
  gate('h', {
    matrix: H,
    steps: 'u3(pi/2, 0, pi) 0',
    stabiliser: 'Z X',
    qasm2: 'h',
    qasm3: 'h',
    stim: 'H H_XZ',
    symbols: 'H',
  }),
  gate('s', {
    matrix: S,
    inverse: 'sdg',
    steps: 'u3(0, 0, pi/2) 0',
    stabiliser: 'Y Z',
    qasm2: 's',
    qasm3: 's',
    stim: 'S SQRT_Z',
    symbols: 'S',
  }),
  gate('sdg', {
    matrix: adjoint(S),
    inverse: 's',
    steps: 'u3(0, 0, -pi/2) 0',
    stabiliser: '-Y Z',
    qasm2: 'sdg',
    qasm3: 'sdg',
    stim: 'S_DAG SQRT_Z_DAG',
    symbols: 'S†',
  }),
  gate('t', {
    matrix: matrixOf([1, 0, 0, [SQRT1_2, SQRT1_2]]),
    inverse: 'tdg',
    steps: 'u3(0, 0, pi/4) 0',
    qasm2: 't',
    qasm3: 't',
    symbols: 'T',
  }),
  gate('tdg', {
    matrix: matrixOf([1, 0, 0, [SQRT1_2, -SQRT1_2]]),
    inverse: 't',
    steps: 'u3(0, 0, -pi/4) 0',
    qasm2: 'tdg',
    qasm3: 'tdg',
    symbols: 'T†',
  }),
  gate('sx', {
    matrix: SQRT_X,
    inverse: 'sxdg',
    steps: 'gphase(pi/4); rx(pi/2) 0',
    stabiliser: 'X -Y',
    qasm2: 'sx',
    qasm3: 'sx',
    stim: 'SQRT_X',
    symbols: '√X',
  }),
  gate('sxdg', {
    matrix: adjoint(SQRT_X),
    inverse: 'sx',
    steps: 'gphase(-pi/4); rx(-pi/2) 0',
    stabiliser: 'X Y',
    qasm2: 'sxdg',
    stim: 'SQRT_X_DAG',
    symbols: '√X†',
  }),
  gate('sqrt_y', {
    matrix: SQRT_Y,
    inverse: 'sqrt_y_dag',
    steps: 'gphase(pi/4); ry(pi/2) 0',
    stabiliser: '-Z X',
    stim: 'SQRT_Y',
    symbols: '√Y',
  }),
  gate('sqrt_y_dag', {
    matrix: adjoint(SQRT_Y),
    inverse: 'sqrt_y',
    steps: 'gphase(-pi/4); ry(-pi/2) 0',
    stabiliser: 'Z -X',
    stim: 'SQRT_Y_DAG',
    symbols: '√Y†',
  }),
  gate('sqrt_w', {
    matrix: SQRT_W,
    inverse: 'sqrt_w_dag',
    steps: 'gphase(pi/4); r(pi/2, pi/4) 0',
    symbols: '√W',
  }),
  gate('sqrt_w_dag', {
    matrix: adjoint(SQRT_W),
    inverse: 'sqrt_w',
    steps: 'gphase(-pi/4); r(-pi/2, pi/4) 0',
    symbols: '√W†',
  }),
];

/** What turns by angles that are given. */
export const oneQubitTurning = [
  gate('gphase', {
    params: 'gamma',
    matrix: (gamma = 0) => matrixOf([expi(gamma)]),
    inverse: 'gphase(-gamma)',
    qasm3: 'gphase',
    symbols: '',
  }),
  gate('rx', {
    params: 'theta',
    matrix: rotating(X),
    inverse: 'rx(-theta)',
    steps: 'u3(theta, -pi/2, pi/2) 0',
    qasm2: 'rx',
    qasm3: 'rx',
    symbols: 'Rx',
  }),
  gate('ry', {
    params: 'theta',
    matrix: rotating(Y),
    inverse: 'ry(-theta)',
    steps: 'u3(theta, 0, 0) 0',
    qasm2: 'ry',
    qasm3: 'ry',
    symbols: 'Ry',
  }),
  gate('rz', {
    params: 'theta',
    matrix: rotating(Z),
    inverse: 'rz(-theta)',
    steps: 'gphase(-theta/2); p(theta) 0',
    qasm2: 'rz',
    qasm3: 'rz',
    symbols: 'Rz',
  }),
  gate('p', {
    params: 'lambda',
    matrix: phase,
    inverse: 'p(-lambda)',
    steps: 'u3(0, 0, lambda) 0',
    qasm2: 'p',
    qasm3: 'p phase',
    symbols: 'P',
  }),
  gate('u1', {
    params: 'lambda',
    matrix: phase,
    inverse: 'u1(-lambda)',
    steps: 'p(lambda) 0',
    qasm2: 'u1',
    qasm3: 'u1',
    symbols: 'U1',
  }),
  // u2 and u3 of stdgates.inc are these times exp(-i(phi + lambda)/2), so they have no name there.
  gate('u2', {
    params: 'phi lambda',
    matrix: (phi = 0, lambda = 0) => general(PI / 2, phi, lambda),
    inverse: 'u2(-lambda - pi, pi - phi)',
    steps: 'u3(pi/2, phi, lambda) 0',
    qasm2: 'u2',
    symbols: 'U2',
  }),
  gate('u3', {
    params: 'theta phi lambda',
    matrix: general,
    inverse: 'u3(-theta, -lambda, -phi)',
    qasm2: 'u3 u U',
    symbols: 'U3',
  }),
  // `U` of OpenQASM 3 is u3 times exp(i theta/2), so that U(2 pi, 0, 0) is the identity.
  gate('U', {
    params: 'theta phi lambda',
    matrix: (theta = 0, phi = 0, lambda = 0) => general(theta, phi, lambda, theta / 2),
    inverse: 'U(-theta, -lambda, -phi)',
    steps: 'gphase(theta/2); u3(theta, phi, lambda) 0',
    qasm3: 'U',
    symbols: 'U',
  }),
  // Waiting as long as so many gates take; it does nothing to the state.
  gate('u0', {
    params: 'gamma',
    matrix: () => identityMatrix(1),
    inverse: 'u0(gamma)',
    steps: '',
    qasm2: 'u0',
    symbols: 'U0',
  }),
  gate('r', {
    params: 'theta phi',
    matrix: inPlane,
    inverse: 'r(-theta, phi)',
    steps: 'u3(theta, phi - pi/2, pi/2 - phi) 0',
    symbols: 'R',
  }),
  // IonQ's native gates. Its interface counts their angles in turns; here they are radians.
  gate('gpi', {
    params: 'phi',
    matrix: gpi,
    inverse: 'gpi(phi)',
    steps: 'u3(pi, phi, pi - phi) 0',
    symbols: 'GPi',
  }),
  gate('gpi2', {
    params: 'phi',
    matrix: (phi = 0) => inPlane(PI / 2, phi),
    inverse: 'gpi2(phi + pi)',
    steps: 'r(pi/2, phi) 0',
    symbols: 'GPi2',
  }),
];

/** The other Cliffords of one qubit that Stim has: turns by 180 degrees about a diagonal of two axes, and by 120 about one of three. */
export const oneQubitStim = [
  gate('h_xy', {
    matrix: matrixOf([0, [SQRT1_2, -SQRT1_2], [SQRT1_2, SQRT1_2], 0]),
    steps: 'u3(pi, pi/4, 3*pi/4) 0',
    stabiliser: 'Y -Z',
    stim: 'H_XY',
    symbols: 'Hxy',
  }),
  gate('h_yz', {
    matrix: matrixOf([SQRT1_2, [0, -SQRT1_2], [0, SQRT1_2], -SQRT1_2]),
    steps: 'u3(pi/2, pi/2, pi/2) 0',
    stabiliser: '-X Y',
    stim: 'H_YZ',
    symbols: 'Hyz',
  }),
  gate('h_nxy', {
    matrix: matrixOf([0, [SQRT1_2, SQRT1_2], [SQRT1_2, -SQRT1_2], 0]),
    steps: 'u3(pi, -pi/4, -3*pi/4) 0',
    stabiliser: '-Y -Z',
    stim: 'H_NXY',
    symbols: 'H-xy',
  }),
  gate('h_nxz', {
    matrix: matrixOf([-SQRT1_2, SQRT1_2, SQRT1_2, SQRT1_2]),
    steps: 'gphase(pi); u3(pi/2, pi, 0) 0',
    stabiliser: '-Z -X',
    stim: 'H_NXZ',
    symbols: 'H-xz',
  }),
  gate('h_nyz', {
    matrix: matrixOf([-SQRT1_2, [0, -SQRT1_2], [0, SQRT1_2], SQRT1_2]),
    steps: 'gphase(pi); u3(pi/2, -pi/2, -pi/2) 0',
    stabiliser: '-X -Y',
    stim: 'H_NYZ',
    symbols: 'H-yz',
  }),
  gate('c_xyz', {
    matrix: halves('1-i -1-i 1-i 1+i'),
    inverse: 'c_zyx',
    steps: 'gphase(-pi/4); u3(pi/2, 0, pi/2) 0',
    stabiliser: 'Y X',
    stim: 'C_XYZ',
    symbols: 'Cxyz',
  }),
  gate('c_zyx', {
    matrix: halves('1+i 1+i -1+i 1-i'),
    inverse: 'c_xyz',
    steps: 'gphase(pi/4); u3(pi/2, pi/2, pi) 0',
    stabiliser: 'Z Y',
    stim: 'C_ZYX',
    symbols: 'Czyx',
  }),
  gate('c_nxyz', {
    matrix: halves('1+i 1-i -1-i 1-i'),
    inverse: 'c_zynx',
    steps: 'gphase(pi/4); u3(pi/2, pi, pi/2) 0',
    stabiliser: '-Y -X',
    stim: 'C_NXYZ',
    symbols: 'C-xyz',
  }),
  gate('c_xnyz', {
    matrix: halves('1+i -1+i 1+i 1-i'),
    inverse: 'c_znyx',
    steps: 'gphase(pi/4); u3(pi/2, 0, -pi/2) 0',
    stabiliser: '-Y X',
    stim: 'C_XNYZ',
    symbols: 'Cx-yz',
  }),
  gate('c_xynz', {
    matrix: halves('1-i 1+i -1+i 1+i'),
    inverse: 'c_nzyx',
    steps: 'gphase(-pi/4); u3(pi/2, pi, -pi/2) 0',
    stabiliser: 'Y -X',
    stim: 'C_XYNZ',
    symbols: 'Cxy-z',
  }),
  gate('c_nzyx', {
    matrix: halves('1+i -1-i 1-i 1-i'),
    inverse: 'c_xynz',
    steps: 'gphase(pi/4); u3(pi/2, -pi/2, 0) 0',
    stabiliser: '-Z -Y',
    stim: 'C_NZYX',
    symbols: 'C-zyx',
  }),
  gate('c_znyx', {
    matrix: halves('1-i 1-i -1-i 1+i'),
    inverse: 'c_xnyz',
    steps: 'gphase(-pi/4); u3(pi/2, -pi/2, pi) 0',
    stabiliser: 'Z -Y',
    stim: 'C_ZNYX',
    symbols: 'Cz-yx',
  }),
  gate('c_zynx', {
    matrix: halves('1-i -1+i 1+i 1+i'),
    inverse: 'c_nxyz',
    steps: 'gphase(-pi/4); u3(pi/2, pi/2, 0) 0',
    stabiliser: '-Z Y',
    stim: 'C_ZYNX',
    symbols: 'Czy-x',
  }),
];
