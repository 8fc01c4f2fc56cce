/** How a standalone node is marked, among what its store keeps of it and beside its keys. */
export const MODE = 'mode';
export const STANDALONE = 'standalone';
