export { runTrajectories, type TrajectoryOptions } from './runTrajectories.ts';
