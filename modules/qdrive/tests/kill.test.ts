import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadModules, openNode } from '@anarq/node';
import { testStore } from '@anarq/store/testing';
import { actorOf } from '@anarq/testing';
import { describe, expect, it } from 'vitest';
import { qdrive } from '../src/contract.ts';
import { announced, madeBytes, MIB, partOf, printOf } from './support.ts';

const content = madeBytes(5 * MIB + 99);

/** Runs a node that uploads, and kills it when a line says that this many parts are stored. */
async function killedAfter(parts: number, folder: string) {
  const script = fileURLToPath(new URL('./killChild.ts', import.meta.url));
  const child = spawn(process.execPath, [script, folder, String(content.length)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let uploadId = '';
  const stored: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, value = ''] = line.split(' ');
    if (what === 'begun') uploadId = value;
    if (what === 'stored') stored.push(Number(value));
    // The next part is on its way by now: the kill falls somewhere in it.
    if (stored.length >= parts && uploadId !== '') child.kill('SIGKILL');
  }
  return { uploadId, stored };
}

describe('a node that is killed while parts arrive', () => {
  it.each([0, 1, 3])(
    'has every part that it answered (%i and more), and goes on',
    async (parts) => {
      const folder = await mkdtemp(join(tmpdir(), 'q-kill-'));
      try {
        const { uploadId, stored } = await killedAfter(parts, folder);
        const opened = await openNode({
          dataFolder: join(folder, 'data'),
          ...testStore(join(folder, 'data')),
          keysFolder: join(folder, 'keys'),
          modules: await loadModules(['qdrive']),
          version: '0.0.0-test',
        });
        const { kernel } = opened;
        const operator = actorOf(() => kernel, {
          did: kernel.node.operator,
          seed: opened.operatorSeed,
        });
        const seen = await operator.call(qdrive.upload, { uploadId });
        for (const index of stored) expect(seen.missing).not.toContain(index);

        for (const index of seen.missing) {
          async function* body() {
            yield partOf(content, index);
          }
          const part = { index, sha256Hex: undefined, body: body() };
          expect((await kernel.receivePart(seen.ticket ?? '', part)).status).toBe('ok');
        }
        const said = await announced(content);
        const { fileId } = await operator.call(qdrive.complete, { uploadId, ...said });
        const { ticket } = await operator.call(qdrive.get, { fileId });
        const sent = await kernel.sendContent(ticket, undefined);
        const pieces: Uint8Array[] = [];
        if (sent.ok) for await (const piece of sent.content.body) pieces.push(piece);
        expect(printOf(new Uint8Array(Buffer.concat(pieces)))).toBe(printOf(content));
        await opened.close();
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
