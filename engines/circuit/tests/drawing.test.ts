import { describe, expect, it } from 'vitest';
import {
  bit,
  circuitOf,
  drawSvg,
  drawText,
  GATES,
  operate,
  surfaceCode,
  type Circuit,
} from '../src/index.ts';
import { circuitWith, gateOn } from './circuits.ts';

const drawn = (circuit: Circuit, options = {}) =>
  drawText(circuit, options).split('\n').slice(0, -1);

describe('a circuit drawn as text', () => {
  it('has a line for each wire, gates as far left as they go, and lines between', () => {
    const circuit = circuitOf({ qubits: 3 })
      .h(0)
      .rz(Math.PI / 4, 2)
      .cx(0, 2)
      .swap(1, 2)
      .build();
    expect(drawn(circuit)).toEqual([
      'q[0]: ────┤H├────●───',
      '                 │',
      'q[1]: ───────────┼─×─',
      '                 │ │',
      'q[2]: ─┤Rz(π/4)├─⊕─×─',
    ]);
  });

  it('leads measurements to their bits and conditions from them', () => {
    const circuit = circuitOf({ qubits: 2, bits: 2 })
      .measure(0, 1)
      .if(operate(bit(1), '==', 1n), (inside) => inside.x(1))
      .build();
    expect(drawn(circuit)).toEqual([
      'q[0]: ─┤M├──────────────',
      '        ║',
      'q[1]: ──╫──⊕────────────',
      '        ║  ║',
      'c[2]: ══╩1═■ c[1] == 1 ═',
    ]);
  });

  it('says what is repeated and where that ends', () => {
    const circuit = circuitOf({ qubits: 1 })
      .repeat(3, (inside) => inside.h(0))
      .build();
    const [header, wire] = drawn(circuit);
    expect(header).toMatch(/repeat 3: +done/);
    expect(wire).toMatch(/┊.*┤H├.*┊/);
  });

  it('goes on below where it is wider than the page', () => {
    const circuit = circuitWith(
      1,
      Array.from({ length: 50 }, () => gateOn('h', [0])),
    );
    const lines = drawn(circuit, { width: 40 });
    expect(lines.filter((line) => line.startsWith('q[0]:')).length).toBeGreaterThan(4);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines.join('').split('H').length - 1).toBe(50);
  });

  it('is ASCII where that is asked for', () => {
    const all = [...GATES.values()].map(({ name, qubits, params }) =>
      gateOn(
        name,
        Array.from({ length: qubits }, (_, k) => k),
        ...params.map(() => Math.PI),
      ),
    );
    const circuit = circuitWith(
      5,
      [...all, { kind: 'measure', qubit: 0, bit: 0 }, { kind: 'barrier', qubits: [] }],
      { bits: 1 },
    );
    expect(drawText(circuit, { ascii: true })).toMatch(/^[\n -~]*$/);
  });

  it('shows controls, anticontrols and a controlled global phase', () => {
    const circuit = circuitOf({ qubits: 3 })
      .controlled([0, { qubit: 1, value: 0 }], (inside) => inside.y(2))
      .controlled([0], (inside) => inside.gphase(0.5))
      .gphase(Math.PI)
      .build();
    const text = drawText(circuit);
    expect(text).toContain('┤P(0.5)├');
    expect(text).toContain('phase (π)');
    expect(text).toMatch(/●.*\n.*│\n.*○.*\n.*│\n.*┤Y├/);
  });

  it('has a line for each wire of every kind of circuit, all as long', () => {
    const circuit = surfaceCode({ distance: 3, rounds: 3, noise: 0.01 });
    const wires = drawn(circuit, { width: 1_000_000 }).filter((line) => line.includes(']: '));
    expect(wires).toHaveLength(17);
    expect(new Set(wires.map((line) => line.length)).size).toBe(1);
  });

  it.each([
    [circuitWith(201, []), 'at most 200 qubits; this circuit has 201 qubits'],
    [
      circuitWith(
        1,
        Array.from({ length: 5_001 }, () => gateOn('h', [0])),
      ),
      'at most 5000 instructions',
    ],
  ])('is refused where it would be of no use', (circuit, message) => {
    expect(() => drawText(circuit)).toThrow(message);
    expect(() => drawSvg(circuit)).toThrow(message);
  });

  it('draws nothing of nothing', () => {
    expect(drawn(circuitWith(0, []))).toEqual([]);
    expect(drawn(circuitWith(1, []))).toEqual(['q[0]: ─']);
  });
});

describe('a circuit drawn as SVG', () => {
  const circuit = circuitOf({ name: 'Bell & <friends>', qubits: 2, bits: 2 })
    .h(0)
    .cx(0, 1)
    .measureAll()
    .build();
  const svg = drawSvg(circuit);

  it('says what it shows', () => {
    expect(svg).toContain('<title id="q-title">Bell &amp; &lt;friends&gt;</title>');
    expect(svg).toContain('2 qubits, 2 bits, 2 gates (1 cx, 1 h), 2 measurements, depth 3.');
    expect(svg).toContain('role="img" aria-labelledby="q-title q-desc"');
  });

  it('is light or dark as the reader prefers, and loads nothing', () => {
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|url\(|<script|<image/,
    );
  });

  it('ends every element that it begins, whatever the names are', () => {
    const odd = circuitWith(1, [
      {
        kind: 'unitary',
        matrix: new Float64Array([1, 0, 0, 0, 0, 0, 1, 0]),
        qubits: [0],
        label: '<b>"\u0000\uD800',
      },
    ]);
    for (const text of [svg, drawSvg({ ...odd, name: '</title><script>' })]) {
      const open: string[] = [];
      for (const [, end, name, alone] of text.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g))
        if (end === '/') expect(open.pop()).toBe(name);
        else if (alone !== '/') open.push(name!);
      expect(open).toEqual([]);
      expect(text.isWellFormed()).toBe(true);
      expect(text).not.toContain('\u0000');
      expect(text).not.toContain('<script');
    }
  });
});
