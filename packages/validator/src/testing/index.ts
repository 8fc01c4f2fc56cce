export { FaultyDisk } from './faultyDisk.ts';
export { MemoryHub, MemoryNetwork } from './memoryNetwork.ts';
export { Person } from './person.ts';
