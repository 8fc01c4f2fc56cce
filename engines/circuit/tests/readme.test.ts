import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { describe, expect, it } from 'vitest';
import { summaryOf } from '../src/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/```(\w*)\n([\s\S]*?)```/g)];

describe('the README', () => {
  it('shows an example that runs, and the drawing that it makes', async () => {
    const [[, , code = ''] = [], [, , drawing] = []] = blocks;
    const source = new URL('../src/index.ts', import.meta.url).href;
    const module = `${code.replace('@anarq/circuit', source)}\nexport { text, depth, gates, noisy };`;
    const url = `data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(module))}`;
    // What the example exports above.
    const made = (await import(url)) as {
      readonly text: string;
      readonly depth: number;
      readonly gates: object;
      readonly noisy: Parameters<typeof summaryOf>[0];
    };
    expect(made.text).toBe(drawing);
    expect(made.depth).toBe(4);
    expect(made.gates).toEqual({ cx: 2, h: 1 });
    expect(summaryOf(made.noisy).noise).toBe(3);
  });
});
