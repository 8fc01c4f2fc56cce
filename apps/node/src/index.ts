export { loadModules, moduleNames, type ModuleName } from './modules.ts';
export { defaultKeysFolder, openNode, type OpenedNode, type OpenOptions } from './openNode.ts';
