import { join } from 'node:path';

/** Where the root key lies in a folder of keys. */
export const rootKeyFile = (keysFolder: string): string => join(keysFolder, 'root.key');
