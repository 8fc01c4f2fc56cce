import { describe, expect, it } from 'vitest';
import { parseSyntax } from '../../src/qasm/parser.ts';

describe('a syntax tree', () => {
  it('knows where everything stands', () => {
    const text = 'OPENQASM 3.1;\n/* β */ rx(π/2) q[0];';
    const { version, body } = parseSyntax({ text });
    expect(version).toMatchObject({ major: 3, minor: 1 });
    const [call] = body;
    expect(text.slice(call!.at, call!.end)).toBe('rx(π/2) q[0];');
    expect(call).toMatchObject({ kind: 'gateCall', callee: { name: 'rx' } });
  });

  it('binds powers tighter than signs, and signs tighter than products', () => {
    const { body } = parseSyntax({ text: '-a ** 2 * b;' });
    expect(body[0]).toMatchObject({
      kind: 'expression',
      of: { op: '*', left: { kind: 'unary', of: { op: '**' } }, right: { name: 'b' } },
    });
  });
});
