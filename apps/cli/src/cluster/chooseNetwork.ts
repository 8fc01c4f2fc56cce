import { fail } from '@anarq/common-schemas';
import { findNamespaces, openNamespace } from './namespaces.ts';
import type { NetworkChoice, NetworkKind, Seat } from './network.ts';

export interface ChosenNetwork {
  readonly kind: NetworkKind;
  /** What the supervisor is started through. */
  readonly through: readonly string[];
}

/** @throws STATE_CONFLICT where namespaces are asked for and this host does not allow them */
export async function chooseNetwork(choice: NetworkChoice): Promise<ChosenNetwork> {
  const loopback = { kind: 'loopback', through: [] } as const;
  if (choice === 'loopback') return loopback;
  const found = await findNamespaces();
  if ('through' in found) return { kind: 'namespaces', through: found.through };
  if (choice === 'auto') return loopback;
  return fail(
    'STATE_CONFLICT',
    `There are no network namespaces here (${found.missing}). --network loopback needs none.`,
    { state: 'ABSENT' },
  );
}

/** @param number of the member, which no other member of its cluster has */
export async function openSeat(kind: NetworkKind, name: string, number: number): Promise<Seat> {
  if (kind === 'namespaces') return openNamespace(name, number);
  return { host: '127.0.0.1', gateway: '127.0.0.1', through: [], close: () => undefined };
}
