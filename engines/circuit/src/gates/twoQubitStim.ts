import { adjoint, identityMatrix, matrixOf, multiply } from '../matrix.ts';
import { gate, halves, i, minusI } from './define.ts';
import { CX, SWAP } from './twoQubits.ts';

const SQRT_XX = halves('1+i 0 0 1-i  0 1+i 1-i 0  0 1-i 1+i 0  1-i 0 0 1+i');
const SQRT_YY = halves('1+i 0 0 -1+i  0 1+i 1-i 0  0 1-i 1+i 0  -1+i 0 0 1+i');
const SQRT_ZZ = matrixOf([1, 0, 0, 0, 0, i, 0, 0, 0, 0, i, 0, 0, 0, 0, 1]);

/** The other Cliffords of two qubits that Stim has. */
export const twoQubitStim = [
  gate('ii', {
    matrix: identityMatrix(2),
    steps: '',
    stabiliser: 'X_ Z_ _X _Z',
    stim: 'II',
    symbols: 'I I',
  }),
  gate('sqrt_xx', {
    matrix: SQRT_XX,
    inverse: 'sqrt_xx_dag',
    steps: 'gphase(pi/4); rxx(pi/2) 0 1',
    stabiliser: 'X_ -YX _X -XY',
    stim: 'SQRT_XX',
    symbols: '√XX √XX',
  }),
  gate('sqrt_xx_dag', {
    matrix: adjoint(SQRT_XX),
    inverse: 'sqrt_xx',
    steps: 'gphase(-pi/4); rxx(-pi/2) 0 1',
    stabiliser: 'X_ YX _X XY',
    stim: 'SQRT_XX_DAG',
    symbols: '√XX† √XX†',
  }),
  gate('sqrt_yy', {
    matrix: SQRT_YY,
    inverse: 'sqrt_yy_dag',
    steps: 'gphase(pi/4); ryy(pi/2) 0 1',
    stabiliser: '-ZY XY -YZ YX',
    stim: 'SQRT_YY',
    symbols: '√YY √YY',
  }),
  gate('sqrt_yy_dag', {
    matrix: adjoint(SQRT_YY),
    inverse: 'sqrt_yy',
    steps: 'gphase(-pi/4); ryy(-pi/2) 0 1',
    stabiliser: 'ZY -XY YZ -YX',
    stim: 'SQRT_YY_DAG',
    symbols: '√YY† √YY†',
  }),
  gate('sqrt_zz', {
    matrix: SQRT_ZZ,
    inverse: 'sqrt_zz_dag',
    steps: 's 0; s 1; cz 0 1',
    stabiliser: 'YZ Z_ ZY _Z',
    stim: 'SQRT_ZZ',
    symbols: '√ZZ √ZZ',
  }),
  gate('sqrt_zz_dag', {
    matrix: adjoint(SQRT_ZZ),
    inverse: 'sqrt_zz',
    steps: 'sdg 0; sdg 1; cz 0 1',
    stabiliser: '-YZ Z_ -ZY _Z',
    stim: 'SQRT_ZZ_DAG',
    symbols: '√ZZ† √ZZ†',
  }),
  gate('cxswap', {
    matrix: multiply(SWAP, CX),
    inverse: 'swapcx',
    steps: 'cx 1 0; cx 0 1',
    stabiliser: 'XX _Z X_ ZZ',
    stim: 'CXSWAP',
    symbols: 'CXSwap:0 CXSwap:1',
  }),
  gate('swapcx', {
    matrix: multiply(CX, SWAP),
    inverse: 'cxswap',
    steps: 'cx 0 1; cx 1 0',
    stabiliser: '_X ZZ XX Z_',
    stim: 'SWAPCX',
    symbols: 'SwapCX:0 SwapCX:1',
  }),
  gate('czswap', {
    matrix: matrixOf([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, -1]),
    steps: 'cz 0 1; swap 0 1',
    stabiliser: 'ZX _Z XZ Z_',
    stim: 'CZSWAP SWAPCZ',
    symbols: 'CZSwap CZSwap',
  }),
  gate('xcx', {
    matrix: halves('1 1 1 -1  1 1 -1 1  1 -1 1 1  -1 1 1 1'),
    steps: 'h 0; cx 0 1; h 0',
    stabiliser: 'X_ ZX _X XZ',
    stim: 'XCX',
    symbols: '⊕ ⊕',
  }),
  gate('xcy', {
    matrix: halves('1 1 -i i  1 1 i -i  i -i 1 1  -i i 1 1'),
    steps: 'h 0; cy 0 1; h 0',
    stabiliser: 'X_ ZY XX XZ',
    stim: 'XCY',
    symbols: '⊕ Y',
  }),
  gate('xcz', {
    matrix: matrixOf([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0]),
    steps: 'cx 1 0',
    stabiliser: 'X_ ZZ XX _Z',
    stim: 'XCZ',
    symbols: '⊕ ●',
  }),
  gate('ycx', {
    matrix: halves('1 -i 1 i  i 1 -i 1  1 i 1 -i  -i 1 i 1'),
    steps: 'h 1; cy 1 0; h 1',
    stabiliser: 'XX ZX _X YZ',
    stim: 'YCX',
    symbols: 'Y ⊕',
  }),
  gate('ycy', {
    matrix: halves('1 -i -i 1  i 1 -1 -i  i -1 1 -i  1 i i 1'),
    steps: 'h_yz 0; cy 0 1; h_yz 0',
    stabiliser: 'XY ZY YX YZ',
    stim: 'YCY',
    symbols: 'Y Y',
  }),
  gate('ycz', {
    matrix: matrixOf([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, minusI, 0, 0, i, 0]),
    steps: 'cy 1 0',
    stabiliser: 'XZ ZZ YX _Z',
    stim: 'YCZ',
    symbols: 'Y ●',
  }),
];
