import { fail, type JsonValue } from '@anarq/common-schemas';

/** What a giver says in plain members, and may add in UCAN's own words. */
export interface Terms {
  readonly resource?: string | undefined;
  readonly operations?: readonly string[] | undefined;
  readonly policy?: JsonValue | undefined;
}

/**
 * The policy of a delegation: every statement must hold for a call. `.op` is the operation's id,
 * `.tool` its MCP name, `.resource` what it acts on, `.input` its input.
 * @throws GRANT_MALFORMED when the raw policy is no list
 */
export function policyOf(terms: Terms): unknown[] {
  const { resource, operations, policy = [] } = terms;
  if (!Array.isArray(policy))
    return fail('GRANT_MALFORMED', 'A policy is a list of statements.', { path: '/policy' });
  const named = operations?.flatMap((name) => [
    ['==', '.op', name],
    ['==', '.tool', name],
  ]);
  return [
    ...(resource === undefined ? [] : [['==', '.resource', resource]]),
    ...(named === undefined ? [] : [['or', named]]),
    ...policy,
  ];
}
