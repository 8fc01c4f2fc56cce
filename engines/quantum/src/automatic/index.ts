export type { Candidate } from './candidates.ts';
export { chooseMethod, type Choice, type ChoiceOptions } from './chooseMethod.ts';
export { METHODS, type Method } from './methods.ts';
export { simulate, type SimulateOptions, type Simulated } from './simulate.ts';
export { SPEEDS_DEFAULT, type Speeds } from './speeds.ts';
export { speedsOn } from './speedsOn.ts';
