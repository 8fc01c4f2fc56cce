import { EVERYBODY } from '@anarq/bus';
import type { EventSpec } from '@anarq/common-schemas';
import { ANONYMOUS } from './call.ts';
import type { Invocation } from './invocation.ts';

/**
 * Who may see an event, decided when it is emitted and stored with it: DIDs, and the grants under
 * which it came about, so that who acted under one sees what came of it.
 */
export function viewersOf(
  { visibleTo = 'parties' }: EventSpec,
  payload: unknown,
  inv: Pick<Invocation, 'principal' | 'subject' | 'owner' | 'grants'>,
  parties: readonly string[],
): string[] {
  if (visibleTo === 'tenant') return [EVERYBODY];
  const members = payload as Readonly<Record<string, unknown>>;
  const ofTheCall = [inv.principal.actor, inv.subject, inv.owner, ...parties, ...inv.grants];
  const named =
    visibleTo === 'parties'
      ? ofTheCall
      : visibleTo.flatMap((member) => (member === 'parties' ? ofTheCall : members[member]));
  // Nobody in particular is nobody: or all who prove nothing would be one viewer.
  const isViewer = (one: unknown): one is string =>
    typeof one === 'string' && one !== '' && one !== EVERYBODY && one !== ANONYMOUS.actor;
  return [...new Set(named.filter(isViewer))];
}
