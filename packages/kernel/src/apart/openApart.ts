import type { Store } from '@anarq/store';
import type { CheckStatus, HealthCheck } from '@anarq/telemetry';
import type { KernelParts } from '../parts.ts';
import type { Services } from '../services.ts';
import { Follower } from './follower.ts';
import type { PeerLink, Remote, RemotePlace } from './remote.ts';
import { Remotes } from './remotes.ts';

/** How a process of a node that runs in several takes part in it. */
export interface ApartOptions {
  /** Modules that run in other processes. */
  readonly remotes: readonly Remote[];
  readonly link: PeerLink;
  /** Another process decides who exists and who may what, and tells this one. */
  readonly follows: boolean;
  /** How old what it was told may be; default 5 s. */
  readonly stale_ms?: number;
}

interface Apart {
  readonly remote?: Remotes;
  readonly follower?: Follower;
}

export async function openApart(order: {
  readonly options: ApartOptions | undefined;
  readonly store: Store;
  readonly services: Services;
  readonly process: string;
  readonly now_ms: () => number;
}): Promise<Apart> {
  const { options, store, services, process, now_ms } = order;
  if (options === undefined) return {};
  const { follows, remotes, link, stale_ms } = options;
  const follower = follows
    ? new Follower({
        store,
        services,
        now_ms,
        ...(stale_ms === undefined ? {} : { stale_ms }),
      })
    : undefined;
  await follower?.open();
  const source = follows ? undefined : `q/${process}`;
  const remote =
    remotes.length === 0
      ? undefined
      : new Remotes({ remotes, link, services, store, source, now_ms });
  return {
    ...(remote === undefined ? {} : { remote }),
    ...(follower === undefined ? {} : { follower }),
  };
}

/** The other processes of the node, as checks of the health of this one. */
export function apartChecks({ remote, follower }: KernelParts): HealthCheck[] {
  const feed: HealthCheck[] =
    follower === undefined
      ? []
      : [
          {
            name: 'feed',
            isEssential: false,
            look: async () => (follower.problem() === undefined ? 'up' : 'down'),
          },
        ];
  const places = remote?.places() ?? [];
  return [
    ...feed,
    ...places.map((place): HealthCheck => ({
      name: nameOf(place),
      isEssential: false,
      look: async () => stateOf(place),
    })),
  ];
}

/** What other processes run, and where: the name of one among what a node depends on. */
const nameOf = ({ modules, url }: Pick<RemotePlace, 'modules' | 'url'>): string =>
  `${modules.join('+')} at ${url}`;

/** As the last call found it; one that failed often is only tried now and then. */
function stateOf({ problem, link }: RemotePlace): CheckStatus {
  const { breaker } = link();
  if (breaker === 'open' || problem() !== undefined) return 'down';
  return breaker === 'half-open' ? 'degraded' : 'up';
}
