import { fail } from '@anarq/common-schemas';
import type { Principal } from './call.ts';
import type { Invocation } from './invocation.ts';
import { OpenConnection } from './openConnection.ts';
import type { Services } from './services.ts';

/** As long as a session; then whoever opened it proves itself again. */
const CONNECTION_LIFE_MS = 3_600_000;

/** The call that opened each connection, as it was admitted. */
const openings = new WeakMap<object, Invocation>();

/** Opens a connection with a call that was admitted. */
export function openedBy(opening: Invocation): OpenConnection {
  const connection = new OpenConnection(opening.subject, opening.call);
  openings.set(connection, opening);
  return connection;
}

/** How a caller proves itself anew, in the words of whoever judges proofs. */
interface Judge {
  fromToken(token: string, now_ms: number, services: Services): Promise<Principal>;
  assertActive(dids: Iterable<string>, services: Services): Promise<void>;
}

/**
 * Who calls over a connection, where it still may.
 * @throws QLOCK_AUTH_FAIL for what is no connection, or one of another module; SESSION_EXPIRED where its
 * time is over, or somebody behind it was stopped since it was opened; and whatever ends a token, or an
 * identity
 */
export async function callerOver(
  connection: OpenConnection,
  inv: Invocation,
  services: Services,
  judge: Judge,
): Promise<Principal> {
  const opening = openings.get(connection);
  if (opening === undefined) return fail('QLOCK_AUTH_FAIL', 'This is no open connection.');
  const { principal, call, now_ms: opened_ms } = opening;
  const { op } = inv.compiled;
  const isProved = op.signature !== 'full' || opening.compiled.op.signature === 'full';
  if (op.module !== opening.compiled.op.module || !isProved)
    return fail('QLOCK_AUTH_FAIL', `${op.id} is not called over this connection.`);
  if (opened_ms + CONNECTION_LIFE_MS <= inv.now_ms)
    return fail('SESSION_EXPIRED', 'The connection is as old as it may become: open another.');
  const behind = new Set([principal.actor, principal.root, opening.subject]);
  const stopped = services.stops.endedBy(behind, opened_ms);
  if (stopped !== undefined)
    return fail('SESSION_EXPIRED', `${stopped} was stopped after this connection was opened.`);
  const { credential } = call;
  if (credential.kind === 'bearer') return judge.fromToken(credential.token, inv.now_ms, services);
  await judge.assertActive([principal.actor, principal.root], services);
  return { ...principal, signedBy: 'session' };
}
