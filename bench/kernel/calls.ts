import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, randomBytes } from 'node:crypto';
import {
  deriveKeys,
  generateSeed,
  publicKeysOf,
  importPublicKeys,
  signCall,
  verifyCall,
} from '@anarq/crypto';
import { Child } from '../measuring/child.ts';
import { figure, type BenchRun, type Figure } from '../measuring/figures.ts';
import type { Caller, LoadOrder } from './load.ts';

const ROWS = 1_000;
const CALLERS = 32;
const CONNECTIONS = 16;

export interface Side {
  readonly child: Child;
  readonly url: string;
  readonly callers: readonly Caller[];
}

/** What a call costs the server, beside a bare handler that does the same work in the store. */
export async function measureCalls(run: BenchRun): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-'));
  const load = new Child(new URL('./load.ts', import.meta.url), null);
  const ours = await start('./nodeServer.ts', { folder, rows: ROWS, callers: CALLERS });
  const bare = await start('./bareServer.ts', { folder, rows: ROWS });
  try {
    const cost = costOf(load, run);
    return [
      await cost('kernel.read', 'read', ours, bare, { max: 2 }),
      await cost('kernel.write', 'write', ours, bare, { max: 3 }),
      await measureSigned(load, ours, run),
    ];
  } finally {
    await Promise.all([load.stop(), ours.child.stop(), bare.child.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

export async function start(script: string, order: object): Promise<Side> {
  const child = new Child(new URL(script, import.meta.url), order);
  const { url, callers } = await child.ask<Omit<Side, 'child'>>({ kind: 'describe' });
  return { child, url, callers };
}

/** Microseconds of the server's CPU that one call takes. */
export async function cpuOfCalls(
  load: Child,
  side: Side,
  order: Pick<LoadOrder, 'what' | 'proof' | 'calls'>,
): Promise<{ cpu_us: number; perSecond: number }> {
  const before = await side.child.cpu_us();
  const { wall_ms } = await load.ask<{ wall_ms: number }>({
    kind: 'load',
    url: side.url,
    callers: side.callers,
    connections: CONNECTIONS,
    rows: ROWS,
    ...order,
  } satisfies LoadOrder);
  const after = await side.child.cpu_us();
  return {
    cpu_us: (after - before) / order.calls,
    perSecond: (order.calls / wall_ms) * 1_000,
  };
}

const costOf =
  (load: Child, { progress, quick }: BenchRun) =>
  async (
    name: string,
    what: LoadOrder['what'],
    ours: Side,
    bare: Side,
    target: { max: number },
  ): Promise<Figure> => {
    const calls = quick ? 200 : 2_000;
    const warm = { what, calls: quick ? 200 : 4_000 } as const;
    await cpuOfCalls(load, bare, { ...warm, proof: 'none' });
    await cpuOfCalls(load, ours, { ...warm, proof: 'session' });
    const [values, against]: [number[], number[]] = [[], []];
    for (let round = 0; round < (quick ? 2 : 9); round++) {
      const one = await cpuOfCalls(load, bare, { what, calls, proof: 'none' });
      const other = await cpuOfCalls(load, ours, { what, calls, proof: 'session' });
      against.push(one.cpu_us);
      values.push(other.cpu_us);
      progress(
        `${name}, round ${round + 1}: ${other.cpu_us.toFixed(0)} µs CPU a call (${other.perSecond.toFixed(0)}/s), bare Fastify ${one.cpu_us.toFixed(0)} µs (${one.perSecond.toFixed(0)}/s)`,
      );
    }
    return figure({
      name,
      unit: 'µs CPU/call',
      values,
      against: { name: 'bare Fastify', values: against },
      target,
      conditions: `user and system CPU of the server process, all threads; ${CONNECTIONS} connections over loopback, ${calls} calls a round; session code, grant of the owner, same schema, statement and store worker`,
    });
  };

/** A read with a full signature, beside the verification of such a signature and nothing else. */
async function measureSigned(load: Child, ours: Side, run: BenchRun): Promise<Figure> {
  const calls = run.quick ? 100 : 1_000;
  const [values, against]: [number[], number[]] = [[], []];
  await cpuOfCalls(load, ours, { what: 'read', proof: 'full', calls });
  for (let round = 0; round < (run.quick ? 2 : 7); round++) {
    against.push(verifyAlone(calls));
    const one = await cpuOfCalls(load, ours, { what: 'read', proof: 'full', calls });
    values.push(one.cpu_us);
    run.progress(
      `kernel.signed, round ${round + 1}: ${one.cpu_us.toFixed(0)} µs CPU a call, verification alone ${against.at(-1)?.toFixed(0)} µs`,
    );
  }
  return figure({
    name: 'kernel.signed',
    unit: 'µs CPU/call',
    values,
    against: { name: 'bare verification', values: against },
    conditions: `kernel.read with a hybrid signature on each call, beside verifying Ed25519 and ML-DSA-65 over the same fields; ${calls} calls a round`,
  });
}

/** Microseconds of CPU that one verification takes in this process. */
function verifyAlone(times: number): number {
  const keys = deriveKeys(generateSeed(), { index: 0 });
  const fields = {
    node: 'did:squid:node',
    identity: 'did:squid:caller',
    operation: 'bench.read',
    version: '1.0.0',
    ts: new Date().toISOString(),
    inputDigest: createHash('sha256').update(randomBytes(32)).digest('hex'),
  };
  const header = signCall(keys, fields);
  const known = importPublicKeys(publicKeysOf(keys));
  const before = process.cpuUsage();
  for (let n = 0; n < times; n++)
    if (!verifyCall(known, fields, header)) throw new Error('a signature of our own is refused');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}
