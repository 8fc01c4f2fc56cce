/** @anarq/testing: a whole node in a temporary folder, and people who call it. */
export { actorOf, type Actor, type CallOptions } from './actor.ts';
export { startTestNode, type TestNode, type TestNodeOptions } from './testNode.ts';
export { killWhileStarting, startNodeProcess, type NodeProcess } from './nodeProcess.ts';
export { canMount, smallDisk, type SmallDisk } from './fullDisk.ts';
