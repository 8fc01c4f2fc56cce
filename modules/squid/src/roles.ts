/** What somebody may do for an organisation. */
export type Role = 'admin' | 'member';

/**
 * What a member may ask for on behalf of its organisation: files, index, offers and reading. Nothing
 * that spends, signs, gives consent, or changes who belongs to it.
 */
export const MEMBER_OPERATIONS: readonly string[] = [
  'qdrive.begin',
  'qdrive.upload',
  'qdrive.complete',
  'qdrive.abort',
  'qdrive.file',
  'qdrive.files',
  'qdrive.get',
  'qdrive.setMetadata',
  'qindex.put',
  'qindex.get',
  'qindex.list',
  'qindex.search',
  'qindex.history',
  'qindex.setPointer',
  'qindex.pointer',
  'qmarket.list',
  'qmarket.search',
  'qmarket.listing',
  'qmarket.listings',
  'qmarket.license',
  'qmarket.licenses',
  'qwallet.quote',
  'qwallet.account',
  'qwallet.accounts',
  'qwallet.intent',
  'qwallet.intents',
  'qlock.encrypt',
  'qlock.decrypt',
  'qlock.verify',
  'qlock.keys',
  'squid.get',
  'squid.members',
  'qerberos.search',
  'qerberos.record',
  'qerberos.receipt',
];

/** Command and policy of the delegation that a role is. */
export function termsOf(role: Role): { readonly command: string; readonly policy: unknown } {
  if (role === 'admin') return { command: '/', policy: [] };
  return { command: '/', policy: [['or', MEMBER_OPERATIONS.map((op) => ['==', '.op', op])]] };
}

/** @throws Error when what the store holds is no role */
export function asRole(text: string): Role {
  if (text === 'admin' || text === 'member') return text;
  throw new Error(`${text} is not a role`);
}
