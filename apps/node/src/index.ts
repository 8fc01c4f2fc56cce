export { parseRemotes, type RemoteAddresses } from './apart.ts';
export { keyStoreFile, keyStoresOf, type KeyStore } from './keyStores.ts';
export { openNodeStore, storePlaceOf, type StorePlace } from './nodeStore.ts';
export { LOGS_FOLDER } from './openNode.ts';
export { BLOCKS_FOLDER } from './watchDisk.ts';
export { loadModules, moduleNames, type ModuleName } from './modules.ts';
export {
  ADDRESS_FILE,
  defaultKeysFolder,
  KEYS_FOLDER_FILE,
  keysFolderOf,
  type NodeAddress,
} from './address.ts';
export { openNode, type OpenedNode, type OpenOptions } from './openNode.ts';
export { startNode, type RunningNode, type StartOptions } from './startNode.ts';
