import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originalPositions, planSteps, type Plan, type Step } from '@anarq/quantum-engine';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  distance,
  largest,
  someSteps,
  stepped,
} from '../../../engines/quantum/tests/stateVector/circuits.ts';
import { wasmExecutor } from '../src/index.ts';
import type { Answer, Case } from './browserSide.ts';

const chromium = process.env['Q_CHROMIUM'];
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const QUBITS = 12;
const TOLERANCE = { f32: 1e-5, f64: 1e-12 };

const steps: Step[] = fc.sample(someSteps(QUBITS, 30), { seed: 17, numRuns: 4 }).flat();
// Tiles smaller than the state, so that threads have some each.
const plan = planSteps(steps, originalPositions(QUBITS), { tileQubits: 10, rowQubits: 6 });
const caseOf = (one: Omit<Case, 'plan'>): Case => ({
  ...one,
  plan: { ...plan, code: [...plan.code], data: [...plan.data] },
});
const CASES = {
  inPage: [
    caseOf({ precision: 'f64', strict: false, threads: 1 }),
    caseOf({ precision: 'f32', strict: true, threads: 1 }),
    caseOf({ precision: 'f64', strict: false, threads: 2 }),
  ],
  inWorker: [
    caseOf({ precision: 'f32', strict: false, threads: 2 }),
    caseOf({ precision: 'f64', strict: true, threads: 3 }),
  ],
};
type Answers = { readonly [Where in keyof typeof CASES]: readonly Answer[] };

describe.skipIf(chromium === undefined)('state vectors in WASM, in a browser', () => {
  let answers: Answers;
  let folder: string;
  let browser: ChildProcess;
  const told = Promise.withResolvers<Answers>();
  const server = createServer((request, response) => {
    void respond(request, response, told.resolve).catch(told.reject);
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-browser-'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    browser = spawn(
      chromium ?? '',
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--no-first-run',
        `--user-data-dir=${folder}`,
        `http://127.0.0.1:${port}/`,
      ],
      { stdio: 'ignore' },
    );
    browser.once('error', told.reject);
    browser.once('exit', (code) => told.reject(new Error(`the browser ended with code ${code}`)));
    answers = await told.promise;
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => browser.once('exit', resolve));
    if (browser.exitCode === null && browser.kill()) await ended;
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  const all = (): (readonly [Case, Answer])[] =>
    [...CASES.inPage.slice(0, 2), ...CASES.inWorker].map((one, at) => {
      const answer = [...answers.inPage.slice(0, 2), ...answers.inWorker][at];
      return [one, answer ?? { problem: 'no answer' }];
    });

  it('come to the amplitudes of the twin, in the thread of a page and with threads of a worker', () => {
    const expected = stepped(QUBITS, steps);
    for (const [{ precision }, answer] of all()) {
      if ('problem' in answer) throw new Error(answer.problem);
      const numbers =
        precision === 'f32' ? Float32Array.from(answer.state) : Float64Array.from(answer.state);
      expect(distance(numbers, expected, plan.positions)).toBeLessThan(
        TOLERANCE[precision] * largest(expected),
      );
    }
  });

  it('have the bits of the strict kernels in Node', async () => {
    for (const [{ precision, strict }, answer] of all()) {
      if (!strict) continue;
      if ('problem' in answer) throw new Error(answer.problem);
      expect(answer.state).toEqual(await inNode(precision, plan));
    }
  });

  it('are refused where they would let a page wait', () => {
    expect(answers.inPage[2]).toEqual({ problem: expect.stringContaining('may not wait') });
  });
});

async function inNode(precision: 'f32' | 'f64', planned: Plan): Promise<number[]> {
  const { executor } = await wasmExecutor({ precision, threads: 1, strict: true });
  const state = executor.allocate(planned.qubits);
  executor.run(state, planned);
  return [...state];
}

const PAGE = `<!doctype html><script type="module" src="/packages/quantum-wasm/tests/browserPage.ts"></script>`;
/** A file of the project, by its path from the root. */
const SOURCE = /^\/(?:engines|packages)\/[\w/-]+\.ts$/;

/** Serves the sources without their types, isolated, so that there is shared memory. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  tell: (answers: Answers) => void,
): Promise<void> {
  const { url = '' } = request;
  const send = (type: string, body: string): void => {
    response.writeHead(200, {
      'content-type': type,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(body);
  };
  if (url === '/') return send('text/html', PAGE);
  if (url === '/cases') return send('application/json', JSON.stringify(CASES));
  if (url === '/answers') {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    send('text/plain', '');
    // The page of this test writes them.
    return tell(JSON.parse(text) as Answers);
  }
  if (!SOURCE.test(url)) {
    response.writeHead(404).end();
    return;
  }
  const source = stripTypeScriptTypes(await readFile(join(ROOT, url), 'utf8'));
  // A worker has no import map.
  return send('text/javascript', source.replaceAll(/'@anarq\/([\w-]+)'/g, nameToPath));
}

const nameToPath = (_: string, name: string): string =>
  `'/engines/${name.replace(/-engine$/, '')}/src/index.ts'`;
