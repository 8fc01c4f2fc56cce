import { afterAll, describe, expect, it } from 'vitest';
import { ComputeThread } from '../src/work/computeThread.ts';
import { BELL } from './support.ts';

const thread = new ComputeThread(512 * 2 ** 20);
afterAll(() => thread.end());

const planOf = (text: string) =>
  thread.perform({ kind: 'plan', source: { text }, asked: {}, memory_bytes: 2 ** 30 });
const written = async (text: string, to: 'qasm2' | 'qasm3' | 'stim' | 'circuit') =>
  (await thread.perform({ kind: 'convert', source: { text }, to })).text;
const countsOf = async (text: string) => {
  const { counts } = await thread.perform({
    kind: 'run',
    source: { text },
    asked: { shots: 200 },
    seed: '7',
    memory_bytes: 2 ** 30,
  });
  return Object.fromEntries(counts);
};

describe('the format of a text', () => {
  it.each([
    ['qasm2', BELL],
    ['qasm2', '// a comment\n/* and\nanother */ OPENQASM 2.0; qreg q[1];'],
    ['qasm2', 'include "qelib1.inc"; qreg q[1]; x q[0];'],
    ['qasm3', 'OPENQASM 3.1;\nqubit q;'],
    ['qasm3', 'qubit q;'],
    ['stim', '# a comment\nH 0\nCX 0 1\nM 0 1\n'],
    ['stim', 'REPEAT 3 {\n  M 0\n}\n'],
    ['stim', 'X_ERROR(0.1) 0\nM 0'],
  ])('is told by its first words: %s', async (format, text) => {
    expect((await planOf(text)).circuit.format).toBe(format);
  });
});

describe('a circuit in other formats', () => {
  it('is the same circuit as JSON, with the same hash', async () => {
    const json = await written(BELL, 'circuit');
    expect(await countsOf(json)).toEqual(await countsOf(BELL));
    const [there, back] = [await planOf(json), await planOf(await written(json, 'circuit'))];
    expect(there.circuit.circuitHash).toBe((await planOf(BELL)).circuit.circuitHash);
    expect(back.circuit.circuitHash).toBe(there.circuit.circuitHash);
  });

  it('is the same circuit as OpenQASM 2 and 3, read again', async () => {
    for (const to of ['qasm2', 'qasm3'] as const) {
      const text = await written(BELL, to);
      expect(text).toContain(to === 'qasm2' ? 'OPENQASM 2.0;' : 'OPENQASM 3');
      expect((await planOf(text)).circuit.format).toBe(to);
      expect(await countsOf(text)).toEqual(await countsOf(BELL));
    }
  });

  it('tells its outputs alone, whatever method runs it and however it is written', async () => {
    const circuit = `OPENQASM 3.1; include "stdgates.inc"; qubit[3] q; bit[2] own; output bit[1] told;
x q[0]; own[0] = measure q[0]; own[1] = measure q[1]; told[0] = measure q[0];`;
    for (const text of [
      circuit,
      await written(circuit, 'circuit'),
      await written(circuit, 'qasm3'),
    ])
      for (const method of ['statevector', 'stabiliser', 'density', 'mps', 'sparse'] as const) {
        const made = await thread.perform({
          kind: 'run',
          source: { text },
          asked: { shots: 10, method },
          seed: '7',
          memory_bytes: 2 ** 30,
        });
        expect([method, made.counts]).toEqual([method, [['1', 10]]]);
        expect(made.circuit.registers).toEqual([{ name: 'told', size: 1 }]);
      }
  });

  it('goes to .stim and back, where its record is what is counted', async () => {
    const stim = await written(BELL, 'stim');
    expect(stim).toContain('CX 0 1');
    expect(Object.keys(await countsOf(stim)).toSorted()).toEqual(['00', '11']);
  });

  it('tells each result of a block that is repeated', async () => {
    expect(await countsOf('X 1\nREPEAT 2 {\n M 0 1\n}\n')).toEqual({ '1010': 200 });
  });

  it('is refused where the format cannot say it', async () => {
    const text = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; t q;';
    await expect(written(text, 'stim')).rejects.toMatchObject({
      refusal: { code: 'UNSUPPORTED' },
    });
  });

  it('is drawn as text and as SVG', async () => {
    const source = { text: BELL };
    const text = await thread.perform({ kind: 'draw', source, as: 'text' });
    expect(text.drawing).toMatch(/H/i);
    expect(text.drawing.split('\n').length).toBeGreaterThan(2);
    const svg = await thread.perform({ kind: 'draw', source, as: 'svg' });
    expect(svg.drawing).toMatch(/^<svg /);
  });
});
