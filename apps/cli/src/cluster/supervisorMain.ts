import { rm } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';
import { readPlan, supervisorSocket } from './layout.ts';
import { serveRpc, type Json, type RpcHandlers } from './rpc.ts';
import { Supervisor } from './supervisor.ts';

/** The process that holds a cluster: it starts, cuts and ends the others as it is told. */
const [, , folder = '', network = ''] = process.argv;

async function run(): Promise<void> {
  const plan = await readPlan(folder);
  if (plan === undefined) throw new Error(`there is no cluster in ${folder}`);
  const supervisor = new Supervisor(folder, plan, network === 'namespaces' ? network : 'loopback');
  let stopRpc: () => Promise<void> = () => Promise.resolve();
  let isEnding = false;
  const end = async (): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    await supervisor.close();
    await stopRpc();
    process.exit();
  };
  process.on('SIGTERM', () => void end());
  process.on('SIGINT', () => void end());
  await supervisor.start();
  stopRpc = await serveRpc(
    supervisorSocket(folder),
    handlersOf(supervisor, () => void end()),
  );
  process.send?.({ kind: 'ready' });
  // From here on nobody waits for this process.
  if (process.connected) process.disconnect?.();
}

function handlersOf(supervisor: Supervisor, end: () => void): RpcHandlers {
  const status = (): Json => ({
    pid: process.pid,
    network: supervisor.network,
    members: JSON.parse(JSON.stringify(supervisor.status())) as Json,
    ...(supervisor.parts === undefined ? {} : { parts: supervisor.parts }),
  });
  const done = { ok: true } as const;
  return {
    status,
    start: async (input) => (await supervisor.startMember(nameIn(input)), done),
    stop: async (input) => (await supervisor.stopMember(nameIn(input)), done),
    kill: async (input) => (await supervisor.kill(nameIn(input)), done),
    pause: (input) => (supervisor.pause(nameIn(input)), done),
    resume: (input) => (supervisor.resume(nameIn(input)), done),
    partition: ({ parts }) => (supervisor.partition(partsIn(parts)), done),
    heal: () => (supervisor.heal(), done),
    delay: ({ fixed_ms, jitter_ms }) => (
      supervisor.delay(numberIn(fixed_ms), numberIn(jitter_ms)),
      done
    ),
    add: async () => ({ ...(await supervisor.add()) }),
    remove: async (input) => (await supervisor.remove(nameIn(input)), done),
    down: () => {
      // Answered first.
      setImmediate(end);
      return done;
    },
  };
}

const nameIn = ({ name }: Readonly<Record<string, Json>>): string =>
  typeof name === 'string' ? name : fail('INPUT_INVALID', 'Which node?');
const numberIn = (value: Json | undefined): number =>
  typeof value === 'number' && value >= 0 && value <= 60_000
    ? value
    : fail('INPUT_INVALID', 'A delay is 0 to 60,000 ms.');
const partsIn = (value: Json | undefined): string[][] => {
  const refuse = (): never => fail('INPUT_INVALID', 'Parts are lists of nodes.');
  if (!Array.isArray(value)) return refuse();
  return value.map((part: Json) =>
    Array.isArray(part)
      ? part.map((name: Json) => (typeof name === 'string' ? name : refuse()))
      : refuse(),
  );
};

run().catch(async (error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.send?.({ kind: 'failed', message });
  await rm(supervisorSocket(folder), { force: true });
  process.exit(1);
});
