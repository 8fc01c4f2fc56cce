export { PLANTED_BUGS, type PlantedBug } from './bugs.ts';
export { addCounts, noCounts, type SimulationCounts } from './counts.ts';
export { simulate, type SimulationReport } from './simulate.ts';
