import { chainIdOf, hexOf } from '@anarq/dag';
import { startPeerNetwork } from '@anarq/p2p';
import { openValidator, type ChainEvent } from '@anarq/validator';
import { genesisOf, memberFolder, memberSocket, readPlan, seedOf } from './layout.ts';
import { memberRpc } from './memberRpc.ts';
import type { FromMember, ToMember } from './messages.ts';
import { serveRpc } from './rpc.ts';

/**
 * One process of a cluster: a node of the chain with its own key, disk and network. It ends with
 * whoever started it, and by SIGTERM in good order. Its standard output is its log.
 */
const [, , folder = '', name = ''] = process.argv;
const note = (event: string, details: object = {}): void =>
  void process.stdout.write(
    `${JSON.stringify({ time: new Date().toISOString(), event, ...details })}\n`,
  );
type Start = Extract<ToMember, { kind: 'start' }>;
const tell = (message: FromMember): void => void process.send?.(message);

async function run({ listen, peers }: Start): Promise<(message: ToMember) => void> {
  const plan = await readPlan(folder);
  if (plan?.members.some((each) => each.name === name) !== true)
    throw new Error(`${name} is not in the plan`);
  const seed = await seedOf(folder, name);
  const genesis = genesisOf(plan);
  const network = await startPeerNetwork({
    seed,
    chainId: hexOf(chainIdOf(genesis)),
    listen,
    peers,
    // Through the links of the supervisor alone, so that they can be cut.
    discover: false,
  });
  const validator = await openValidator({
    folder: memberFolder(folder, name),
    genesis,
    seed,
    network,
    settings: { epoch_ms: plan.chain.epoch_ms },
  });
  validator.on(noteEvent);
  const stopRpc = await serveRpc(memberSocket(folder, name), memberRpc(validator, network));
  let isEnding = false;
  const end = async (): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    await stopRpc();
    await validator.close();
    await network.close();
    note('stopped');
    process.exit();
  };
  process.on('SIGTERM', () => void end());
  process.on('disconnect', () => void end());
  note('started', { listen, peers: peers.length });
  return (message) => {
    if (message.kind === 'addPeer') network.addPeer(message.peer);
    else if (message.kind === 'removePeer') network.removePeer(message.publicKey);
  };
}

/** What is worth a line: not each commit. */
function noteEvent(event: ChainEvent): void {
  switch (event.kind) {
    case 'finalized':
      return note('finalized', {
        seq: event.checkpoint.seq,
        commits: event.checkpoint.commits,
        receipts: event.checkpoint.receipts,
      });
    case 'epoch':
      return note('epoch', { epoch: event.epoch, validators: event.validators });
    case 'adopted':
      return note('adopted', { seq: event.seq, commits: event.commits });
    case 'equivocation':
      return note('equivocation', { validator: event.validator });
    case 'fork':
      return note('fork', { seq: event.seq });
    case 'stopped':
      return note('stopped itself', { reason: event.reason });
    case 'executed':
    case 'state':
    case 'balance':
  }
}

let hear: ((message: ToMember) => void) | undefined;

async function begin(start: Start): Promise<void> {
  try {
    hear = await run(start);
    tell({ kind: 'ready' });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    note('failed', { message });
    process.exitCode = 1;
    tell({ kind: 'failed', message });
    process.disconnect?.();
  }
}

// Only member.ts sends on this channel.
process.on('message', (message) => {
  const order = message as ToMember;
  if (order.kind === 'start') void begin(order);
  else hear?.(order);
});
