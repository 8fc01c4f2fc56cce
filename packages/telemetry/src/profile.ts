import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A function, and the time that the processor spent in it itself. */
export interface HotFunction {
  readonly name: string;
  /** File and line, or empty for what the engine does of itself. */
  readonly place: string;
  readonly self_ms: number;
  /** Of all samples, 0 to 1. */
  readonly share: number;
}

interface CpuProfile {
  /** As Chrome and VS Code open it: a file that ends in .cpuprofile. */
  readonly json: string;
  readonly hot: readonly HotFunction[];
}

const HOT_MAX = 20;
const SECONDS_MAX = 60;

/** Profiles that are kept; older ones go. */
const KEPT_MAX = 10;

let isTaking = false;

/** Whether a profile is being taken: the engine has one profiler. */
export const isProfiling = (): boolean => isTaking;

/**
 * Watches what this process does for a while. One profile at a time: the engine has one profiler.
 * @throws RangeError for less than a second or more than sixty, Error while another one runs
 */
export async function profileCpu(seconds: number): Promise<CpuProfile> {
  if (!(seconds >= 1 && seconds <= SECONDS_MAX)) throw new RangeError('1 to 60 seconds');
  if (isTaking) throw new Error('a profile is taken already');
  isTaking = true;
  const session = new Session();
  try {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await pause(seconds * 1_000);
    const { profile } = await session.post('Profiler.stop');
    return { json: JSON.stringify(profile), hot: hottest(profile) };
  } finally {
    session.disconnect();
    isTaking = false;
  }
}

/** Writes a profile where only the owner of the node reads it. */
export async function keepProfile(folder: string, name: string, json: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, name), json, { mode: 0o600 });
  const kept = (await readdir(folder)).filter((each) => each.endsWith('.cpuprofile')).toSorted();
  for (const old of kept.slice(0, -KEPT_MAX)) await rm(join(folder, old), { force: true });
  return join(folder, name);
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples?: readonly number[] | undefined;
  readonly timeDeltas?: readonly number[] | undefined;
}

function hottest({ nodes, samples = [], timeDeltas = [] }: Profile): HotFunction[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const spent_us = new Map<string, number>();
  let total_us = 0;
  for (const [at, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') continue;
    const delta_us = Math.max(0, timeDeltas[at] ?? 0);
    const place = frame.url === '' ? '' : `${frame.url}:${frame.lineNumber + 1}`;
    const key = `${frame.functionName || '(anonymous)'}\n${place}`;
    spent_us.set(key, (spent_us.get(key) ?? 0) + delta_us);
    total_us += delta_us;
  }
  return [...spent_us]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, HOT_MAX)
    .map(([key, self_us]) => {
      const [name = '', place = ''] = key.split('\n');
      const share = total_us === 0 ? 0 : self_us / total_us;
      return { name, place, self_ms: self_us / 1_000, share };
    });
}
