export { errorModelOf } from './analyse.ts';
export { compile as compileClifford } from './compile.ts';
export {
  Decoder,
  failuresOf,
  logicalErrorRate,
  wilsonInterval,
  type LogicalErrorRate,
} from './decode.ts';
export { decodeCounts } from './decodeCounts.ts';
export {
  readErrorModel,
  writeErrorModel,
  type ErrorComponent,
  type ErrorMechanism,
  type ErrorModel,
} from './errorModel.ts';
export { readShots, writeShots, type ResultFormat, type ShotParts } from './formats.ts';
export { canonical, productOf, textOf, type PauliProduct } from './pauliProduct.ts';
export type { Program as CliffordProgram } from './program.ts';
export { randomClifford } from './randomClifford.ts';
export { runStabiliser } from './run.ts';
export { BATCH_BYTES_MAX, Sampler, type Detections } from './sampler.ts';
export { Shot as TableauShot, type Chance } from './shot.ts';
export { bitOf, emptyShots, hitsOf, shotsFromRows, type Shots as ShotBits } from './shots.ts';
export { Tableau, TABLEAU_BYTES_MAX, tableauBytes } from './tableau.ts';
