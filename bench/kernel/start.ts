import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { figure, type BenchRun, type Figure } from '../measuring/figures.ts';

const MAIN = join(import.meta.dirname, '../../apps/cli/src/main.ts');
/** After the first answer: what the start itself used has been given back, and nothing is called. */
const REST_MS = 2_000;

interface Started {
  readonly first_ms: number;
  readonly rest_mib: number | undefined;
}

/** How long a node takes from its process to its first answer, and what it keeps in memory at rest. */
export async function measureStart({ progress, quick }: BenchRun): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-'));
  try {
    const places = ['--data', join(folder, 'data'), '--keys', join(folder, 'keys')];
    const args = ['up', '--empty', '--json', '--port', '0', ...places];
    const founding = await startOnce(args);
    const started: Started[] = [];
    for (let round = 0; round < (quick ? 2 : 5); round++) {
      started.push(await startOnce(args));
      progress(`start ${round + 1}: ${started.at(-1)?.first_ms.toFixed(0)} ms`);
    }
    const memory = started.flatMap(({ rest_mib }) => (rest_mib === undefined ? [] : [rest_mib]));
    return [
      figure({
        name: 'start.first_answer',
        unit: 'ms',
        values: started.map(({ first_ms }) => first_ms),
        conditions: 'process start to first answered request, existing data, warm file cache',
      }),
      figure({
        name: 'start.founding',
        unit: 'ms',
        values: [founding.first_ms],
        conditions: 'the same on an empty folder: keys, tables and identities are made',
      }),
      ...(memory.length === 0
        ? []
        : [
            figure({
              name: 'memory.rest',
              unit: 'MiB',
              values: memory,
              conditions: `resident, ${REST_MS / 1000} s after the first answer, every module, no call`,
            }),
          ]),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function startOnce(args: readonly string[]): Promise<Started> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { url } = JSON.parse(line) as { url: string };
      await (await fetch(`${url}/health`)).json();
      const first_ms = performance.now() - begun;
      await pause(REST_MS);
      return { first_ms, rest_mib: await residentMiB(child.pid) };
    }
    throw new Error('the node ended before it was up');
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

/** Resident memory of another process, where the system tells it as Linux does. */
async function residentMiB(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}
