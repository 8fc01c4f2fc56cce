import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ComputeThread } from '../src/work/computeThread.ts';

const root = process.env['Q_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors');
const folder = join(root, 'quantum/qasmbench/medium');
const isPresent = existsSync(folder);
if (!isPresent) console.warn('quantum: the circuits of QASMBench are not here; skipped');
const names = isPresent ? readdirSync(folder).toSorted() : [];

const SHOTS = 200;
/** What a circuit is made to end with, where that is known beforehand; two declare a register that they leave alone. */
const ENDINGS: Readonly<Record<string, RegExp>> = {
  bv_n14: /^1{13}$/,
  cat_state_n22: /^0{22}(0{22}|1{22})$/,
  ghz_state_n23: /^0{23}(0{23}|1{23})$/,
  wstate_n27: /^0*10*$/,
};

describe.skipIf(!isPresent)(
  'a circuit of QASMBench of 11 to 27 qubits',
  { timeout: 60_000 },
  () => {
    const thread = new ComputeThread(512 * 2 ** 20);
    afterAll(() => thread.end());
    const run = (text: string) =>
      thread.perform({
        kind: 'run',
        source: { text },
        asked: { shots: SHOTS, precision: 'f32' },
        seed: '11',
        memory_bytes: 2 ** 30,
      });

    it.each(names)('%s runs by the method that is chosen for it', async (name) => {
      const text = readFileSync(join(folder, name, `${name}.qasm`), 'utf8');
      const { counts, shots, resultHash, outcomes } = await run(text);
      expect(shots).toBe(SHOTS);
      expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBe(SHOTS);
      expect(outcomes).toBe(counts.length);
      const ending = ENDINGS[name];
      if (ending !== undefined) for (const [bits] of counts) expect(bits).toMatch(ending);
      expect((await run(text)).resultHash).toBe(resultHash);
    });
  },
);
