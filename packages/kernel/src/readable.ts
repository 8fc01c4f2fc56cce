import type { CompiledGrant } from '@anarq/authority';
import type { Grants } from './grants.ts';

/** Rows that a grant opens for listing: an owner's, all of them or those a pattern matches. */
export interface Readable {
  readonly owner: string;
  /** SQL GLOB over 'module/noun/id'; absent: all of the owner's. */
  readonly resourceGlob: string | undefined;
}

const READABLE_MAX = 64;

/**
 * Turns the grants that cover a command into conditions on rows. A grant whose policy says more
 * than which resource is left out: a list cannot ask its other questions, `get` can.
 */
export async function readableBy(
  grants: Pick<Grants, 'candidates'>,
  holders: readonly string[],
  command: string,
  op: { readonly id: string; readonly tool: string },
  now_ms: number,
): Promise<Readable[]> {
  const found: Readable[] = [];
  for (const holder of new Set(holders))
    for (const grant of await grants.candidates(holder, command)) {
      if (found.length >= READABLE_MAX) return found;
      const glob = resourceGlob(grant, op);
      if (glob === null || !isCurrent(grant, now_ms)) continue;
      const isNew = !found.some(
        (each) => each.owner === grant.subject && each.resourceGlob === glob,
      );
      if (isNew) found.push({ owner: grant.subject, resourceGlob: glob });
    }
  return found;
}

const isCurrent = (grant: CompiledGrant, now_ms: number): boolean =>
  (grant.exp_s === null || Math.floor(now_ms / 1000) <= grant.exp_s) &&
  (grant.nbf_s === null || Math.floor(now_ms / 1000) >= grant.nbf_s);

/** undefined: every resource; a pattern; null: the policy says something that a list cannot ask. */
function resourceGlob(
  { policies }: CompiledGrant,
  op: { readonly id: string; readonly tool: string },
): string | null | undefined {
  let glob: string | undefined;
  for (const statement of policies.flat()) {
    if (allowsOperation(statement, op)) continue;
    const [operator, selector, value] = statement;
    if (selector !== '.resource' || typeof value !== 'string') return null;
    if (operator !== '==' && operator !== 'like') return null;
    const next = operator === '==' ? escapeGlob(value) : fromUcanGlob(value);
    if (glob !== undefined && glob !== next) return null;
    glob = next;
  }
  return glob;
}

/** A statement about the operation alone is answered here. */
function allowsOperation(
  statement: readonly unknown[],
  op: { readonly id: string; readonly tool: string },
): boolean {
  const [operator, selector, value] = statement;
  if (operator === 'or' && Array.isArray(selector))
    return selector.some((inner) => Array.isArray(inner) && allowsOperation(inner, op));
  if (operator !== '==' || typeof value !== 'string') return false;
  return (selector === '.op' && value === op.id) || (selector === '.tool' && value === op.tool);
}

const escapeGlob = (text: string): string => text.replace(/[*?[]/g, (c) => `[${c}]`);

/** UCAN's `like` knows * and \*; SQLite's GLOB also ? and [ ]. */
const fromUcanGlob = (pattern: string): string =>
  pattern
    .split(/(\\\*|\*)/)
    .map((part) => (part === '*' ? '*' : part === '\\*' ? '[*]' : escapeGlob(part)))
    .join('');
