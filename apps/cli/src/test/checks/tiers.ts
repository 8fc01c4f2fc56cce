import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';

import type { Verdict } from '../check.ts';
import { projectFiles } from '../files.ts';
import { runVitest } from './vitest.ts';

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** A service that the tests of the `services` tier can use, and where it was found. */
interface Service {
  name: string;
  variable: string;
  place: string | undefined;
}

/** PostgreSQL answers an SSLRequest (protocol 3.0, section 54.7) with one letter: S or N. */
const sslRequest = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/**
 * Looks for PostgreSQL, NATS and Chromium: at `Q_TEST_POSTGRES`, `Q_TEST_NATS` and `Q_CHROMIUM`, else
 * at their usual ports on the loopback and on PATH.
 */
async function findServices(): Promise<Service[]> {
  const [postgres, nats] = await Promise.all([
    answers(5432, /^[SN]$/, sslRequest),
    answers(4222, /^INFO \{/, new Uint8Array()),
  ]);
  const places: ReadonlyArray<readonly [string, string, string | undefined]> = [
    [
      'PostgreSQL',
      'Q_TEST_POSTGRES',
      postgres ? 'postgres://postgres@127.0.0.1:5432/postgres' : undefined,
    ],
    ['NATS', 'Q_TEST_NATS', nats ? 'nats://127.0.0.1:4222' : undefined],
    ['Chromium', 'Q_CHROMIUM', onPath(chromiumNames)],
  ];
  return places.map(([name, variable, found]) => {
    return { name, variable, place: process.env[variable] ?? found };
  });
}

/** Whether what listens on a port of the loopback begins its answer as expected, within a second. */
function answers(port: number, expected: RegExp, hello: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('connect', () => socket.write(hello));
    socket.once('data', (bytes) => end(expected.test(bytes.toString('latin1'))));
  });
}

const withoutPassword = (place: string): string => place.replace(/(:\/\/[^:@/]*):[^@/]*@/, '$1@');

function onPath(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Options of a tier's run; see runVitest. */
interface TierOptions {
  filter?: string | undefined;
  onProgress?: (line: string) => void;
}

/** Runs `*.services.test.ts`; each finds its service in the environment, or skips itself. */
export async function runServices(root: string, options: TierOptions): Promise<Verdict> {
  const services = await findServices();
  const note = services
    .map(
      ({ name, place }) => `${name}: ${place === undefined ? 'not found' : withoutPassword(place)}`,
    )
    .join('\n');
  const present = services.flatMap(({ variable, place }) => (place ? [[variable, place]] : []));
  const env: Record<string, string> = Object.fromEntries(present);
  return runTier(root, 'services', note, { ...options, env });
}

/** Runs `*.nightly.test.ts`: the ones that take long. */
export function runNightly(root: string, options: TierOptions): Promise<Verdict> {
  return runTier(root, 'nightly', '', options);
}

async function runTier(
  root: string,
  tier: 'services' | 'nightly',
  note: string,
  options: TierOptions & { env?: Record<string, string> },
): Promise<Verdict> {
  const files = await projectFiles(root);
  if (!files.some((path) => path.endsWith(`.${tier}.test.ts`))) {
    const none = `There is no *.${tier}.test.ts yet.`;
    return { passed: 0, failed: 0, skipped: 1, output: [none, note].join('\n').trim() };
  }
  const verdict = await runVitest(root, { tier, ...options });
  return { ...verdict, output: `${note}\n${verdict.output}`.trim() };
}
