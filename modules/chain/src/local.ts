/** What a command does with a chain's files by itself, where no node need run. */
export { CHAIN_FILE, copyChain, markRestored } from './chain/copyChain.ts';
export { readGenesis } from './chain/genesisFile.ts';
