/** A bad network for tests and for clusters on one machine. */
export { FaultMesh } from './faultMesh.ts';
export type { MeshNode } from './faultMesh.ts';
export { startFaultProxy } from './faultProxy.ts';
export type { Cut, FaultProxy, FaultProxyOptions, Faults } from './faultProxy.ts';
export { seededRandom } from '../random.ts';
