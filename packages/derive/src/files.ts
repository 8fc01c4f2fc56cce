/** The files that `q generate` writes beside the contracts. */
export { DERIVED_FOLDERS, derivedFiles } from './moduleFiles.ts';
export { referenceFiles } from './reference.ts';
export { watchingFiles } from './watching.ts';
