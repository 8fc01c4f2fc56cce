import { QError } from '@anarq/common-schemas';
import { columns, paint } from '../terminal.ts';
import type { ChainView, Cluster, ClusterStatus } from './cluster.ts';
import { NETWORK_TEXTS } from './network.ts';
import type { MemberStatus } from './supervisor.ts';

/** A member with the chain as it has it; without one where it does not answer. */
export interface MemberView extends MemberStatus {
  readonly chain?: ChainView;
  readonly peers?: number;
}

const ROOT_CHARS = 12;
const STATE_COLOURS = {
  RUNNING: paint.green,
  STARTING: paint.yellow,
  PAUSED: paint.yellow,
  KILLED: paint.red,
  FAILED: paint.red,
  STOPPED: paint.dim,
} as const;

/** Asks every member that runs how it sees the chain. */
export async function viewsOf(
  cluster: Cluster,
  { members }: ClusterStatus,
): Promise<readonly MemberView[]> {
  return Promise.all(
    members.map(async (member): Promise<MemberView> => {
      if (member.state !== 'RUNNING') return member;
      try {
        const [chain, peers] = await Promise.all([
          cluster.chain(member.name),
          cluster.ask<readonly object[]>(member.name, 'peers'),
        ]);
        return { ...member, chain, peers: peers.length };
      } catch (error) {
        if (error instanceof QError) return member;
        throw error;
      }
    }),
  );
}

/** The lines of a status: one a member, and what they bear together. */
export function statusLines(
  views: readonly MemberView[],
  { network, parts }: ClusterStatus,
): string[] {
  const rows = views.map(({ name, state, chain, peers, pid, address }) => [
    `  ${paint.bold(name)}`,
    STATE_COLOURS[state](state.toLowerCase()),
    chain === undefined ? '' : chain.isValidator ? 'validator' : 'follower',
    chain === undefined ? '' : `epoch ${chain.epoch}`,
    chain === undefined ? '' : `round ${chain.round}`,
    chain === undefined ? '' : `final ${chain.finalized.seq}`,
    chain === undefined ? '' : paint.dim(chain.finalized.stateRoot.slice(0, ROOT_CHARS)),
    peers === undefined ? '' : `${peers} peers`,
    paint.dim(`${address}${pid === undefined ? '' : `, process ${pid}`}`),
  ]);
  const lines = columns(rows);
  const chain = views.find((view) => view.chain !== undefined)?.chain;
  if (chain !== undefined) lines.push('', `  ${paint.dim(chain.faultModel.description)}`);
  lines.push(`  ${paint.dim(NETWORK_TEXTS[network])}`);
  if (parts !== undefined)
    lines.push(
      `  ${paint.yellow('cut')}   ${parts.map((part) => part.join(',')).join('  |  ')}  ${paint.dim('./q cluster heal joins them')}`,
    );
  return lines;
}
