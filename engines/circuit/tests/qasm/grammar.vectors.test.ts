import { describe, expect, it } from 'vitest';
import { CircuitError } from '../../src/index.ts';
import { parseSyntax } from '../../src/qasm/parser.ts';
import { antlrTree } from './antlrTree.ts';
import { blocks, haveVectors, vectorPaths, vectorText } from './vectors.ts';

const references = vectorPaths('openqasm/grammar/tests/reference', '.yaml');
const invalid = vectorPaths('openqasm/grammar/tests/invalid', '.qasm').flatMap((path) =>
  vectorText(path)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('//'))
    .map((line) => [path.split('/').at(-1)!, line] as const),
);

describe.skipIf(!haveVectors)('the official tests of the grammar of OpenQASM 3', () => {
  it.for(references)('%s has the reference tree', (path) => {
    const file = blocks(vectorText(path));
    const text = file.get('source')!;
    expect(antlrTree(text, parseSyntax({ text }))).toBe(file.get('reference')!.trimEnd());
  });

  it.for(invalid)('%s: %s is refused', ([, line]) => {
    expect(() => parseSyntax({ text: line })).toThrow(CircuitError);
  });

  it.for(vectorPaths('openqasm/examples', '.qasm'))('%s is parsed, its syntax alone', (path) => {
    expect(parseSyntax({ text: vectorText(path) }).body.length).toBeGreaterThan(0);
  });
});
