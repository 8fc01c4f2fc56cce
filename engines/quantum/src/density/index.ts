export { DENSITY_QUBITS_MAX, densityBytes, DensityMatrix } from './densityMatrix.ts';
export { exactDistribution, runDensity } from './runDensity.ts';
