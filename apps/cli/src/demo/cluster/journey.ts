import { setTimeout as wait } from 'node:timers/promises';
import { chainIdOf, checkProof, decodeProof } from '@anarq/dag';
import { importPublicKey, verifySingle } from '@anarq/crypto';
import type { Cluster } from '../../cluster/cluster.ts';
import { genesisOf } from '../../cluster/layout.ts';
import { Load, type LoadReport } from '../../cluster/load.ts';
import { NETWORK_TEXTS, type NetworkKind } from '../../cluster/network.ts';
import { nameValidators, untilAgreed, untilChain } from '../../cluster/membership.ts';
import type { Show } from '../storyteller.ts';

const [KILLED, CUT] = ['n2', 'n3'] as const;
const BATCH = 4;
const FLOW_MS = 3_000;
const SOON_MS = 60_000;
const ROOT_CHARS = 12;

/** Everything that the demo found out. */
export interface ClusterReport {
  readonly ok: boolean;
  readonly network: NetworkKind;
  readonly load: LoadReport;
  readonly killed: { readonly final: number; readonly caughtUp_ms: number };
  readonly cut: { readonly final: number; readonly behind: number; readonly caughtUp_ms: number };
  readonly joined: { readonly name: string; readonly epoch: number; readonly validators: number };
  readonly agreed: {
    readonly seq: number;
    readonly stateRoot: string;
    readonly members: number;
    /** Accounts whose balance is not what it must be. */
    readonly wrong: readonly string[];
  };
  /** The first certificate, checked at the end by the first validators' keys alone. */
  readonly certificate: {
    readonly seq: number;
    readonly holds: boolean;
    readonly holdsChanged: boolean;
  };
}

/** Transfers keep flowing while a process is killed, another is cut off and heals, and a fifth joins. */
export async function runClusterJourney(cluster: Cluster, show: Show): Promise<ClusterReport> {
  const first = await untilChain(cluster, 'n1', ({ finalized }) => finalized.seq > 0, SOON_MS);
  const certificate = await certificateOf(cluster, first.finalized.seq);
  show('chain', `${first.validators.length} validators, each with its own ML-DSA-65 key and disk`);
  const { network } = await cluster.status();
  show('', NETWORK_TEXTS[network]);
  show('', first.faultModel.description);
  show('', `checkpoint ${first.finalized.seq} has its certificate: ${certificate.length} bytes`);

  let final = 0;
  const load = await Load.start(cluster, {
    batch: BATCH,
    pause_ms: 0,
    onFinal: (count) => {
      final += count;
      show('flow', `${final} transfers are final`, false);
    },
  });
  await wait(FLOW_MS);
  show('flow', `${final} transfers are final after ${FLOW_MS / 1_000} s`);

  const killed = await killAndStart(cluster, () => final, show);
  const cut = await cutAndHeal(cluster, () => final, show);
  const joined = await join(cluster, show);
  await wait(FLOW_MS);

  const report = await load.stop();
  const { p50, p99 } = report.finality_ms;
  show(
    'result',
    `${report.final} transfers, final after ${p50} ms (p50), ${p99} ms (p99); longest gap ${report.gap_ms} ms`,
  );
  const agreed = { ...(await untilAgreed(cluster, SOON_MS)), wrong: await load.differences() };
  show(
    '',
    `${agreed.members} nodes have the state root ${agreed.stateRoot.slice(0, ROOT_CHARS)} at checkpoint ${agreed.seq}`,
  );
  show(
    '',
    agreed.wrong.length === 0
      ? 'every balance is what it must be: nothing lost, nothing twice'
      : `wrong balances: ${agreed.wrong.join(', ')}`,
  );
  const checked = await checkOffline(cluster, certificate);
  show(
    'proof',
    `the certificate of checkpoint ${first.finalized.seq} ${checked.holds ? 'holds' : 'does not hold'} by the first four keys alone; with one byte changed it ${checked.holdsChanged ? 'still holds' : 'does not'}`,
  );
  return {
    ok:
      agreed.wrong.length === 0 &&
      agreed.members === 5 &&
      report.final === report.sent &&
      checked.holds &&
      !checked.holdsChanged,
    network,
    load: report,
    killed,
    cut,
    joined,
    agreed,
    certificate: { seq: first.finalized.seq, ...checked },
  };
}

async function killAndStart(cluster: Cluster, final: () => number, show: Show) {
  const before = final();
  await cluster.kill(KILLED);
  show('kill', `${KILLED} is ended by SIGKILL`);
  await wait(FLOW_MS);
  const made = final() - before;
  show('', `the others went on: ${made} transfers became final without it`);
  const { finalized } = await cluster.chain('n1');
  const began_ms = performance.now();
  await cluster.start(KILLED);
  await untilChain(cluster, KILLED, (chain) => chain.finalized.seq >= finalized.seq, SOON_MS);
  const caughtUp_ms = Math.round(performance.now() - began_ms);
  show('', `it is back and at checkpoint ${finalized.seq} after ${caughtUp_ms} ms`);
  return { final: made, caughtUp_ms };
}

async function cutAndHeal(cluster: Cluster, final: () => number, show: Show) {
  const before = final();
  await cluster.partition([['n1', 'n2', 'n4'], [CUT]]);
  show('cut', `${CUT} hears nobody`);
  await wait(FLOW_MS);
  const made = final() - before;
  const [ahead, behind] = await Promise.all([cluster.chain('n1'), cluster.chain(CUT)]);
  const missing = ahead.finalized.seq - behind.finalized.seq;
  show('', `${made} transfers became final; ${CUT} is ${missing} checkpoints behind`);
  const began_ms = performance.now();
  await cluster.heal();
  await untilChain(cluster, CUT, ({ finalized }) => finalized.seq >= ahead.finalized.seq, SOON_MS);
  const caughtUp_ms = Math.round(performance.now() - began_ms);
  show('', `healed: it is at checkpoint ${ahead.finalized.seq} after ${caughtUp_ms} ms`);
  return { final: made, behind: missing, caughtUp_ms };
}

async function join(cluster: Cluster, show: Show) {
  const { name, publicKey } = await cluster.add();
  show('join', `${name} follows the chain with a key of its own`);
  const { validators } = await cluster.chain('n1');
  await nameValidators(cluster, [...validators, publicKey], SOON_MS);
  const chain = await untilChain(cluster, name, ({ isValidator }) => isValidator, SOON_MS);
  show(
    '',
    `the authority named it: from epoch ${chain.epoch} on it is one of ${chain.validators.length} validators`,
  );
  return { name, epoch: chain.epoch, validators: chain.validators.length };
}

async function certificateOf(cluster: Cluster, seq: number): Promise<Uint8Array> {
  const text = await cluster.ask<string | null>('n1', 'certificate', { seq });
  if (text === null) throw new Error(`there is no certificate of checkpoint ${seq}`);
  return Buffer.from(text, 'base64');
}

/** No process is asked: only the beginning of the chain is known. */
async function checkOffline(cluster: Cluster, certificate: Uint8Array) {
  const genesis = genesisOf(await cluster.plan());
  const holds = (bytes: Uint8Array): boolean => {
    try {
      return checkProof(
        decodeProof(bytes),
        chainIdOf(genesis),
        genesis.validators,
        (publicKey, message, signature) =>
          verifySingle(importPublicKey('mldsa65', publicKey), message, signature),
      ).holds;
    } catch {
      return false;
    }
  };
  const changed = Uint8Array.from(certificate);
  // In the middle of what was signed.
  const at = 160;
  changed[at] = (changed[at] ?? 0) ^ 1;
  return { holds: holds(certificate), holdsChanged: holds(changed) };
}
