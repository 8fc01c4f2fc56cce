import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode, type RunningNode } from '@anarq/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readYaml } from '../packages/derive/tests/readYaml.ts';

/** The derived alert rules and the dashboard ask only for what a node really serves. */
const ROOT = join(import.meta.dirname, '..');

let folder: string;
let node: RunningNode;
let served: Set<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-watching-'));
  node = await startNode({
    dataFolder: join(folder, 'data'),
    keysFolder: join(folder, 'keys'),
    port: 0,
    version: '1.2.3',
  });
  await fetch(`${node.url}/qerberos/checkpoint`);
  const text = await (await fetch(`${node.url}/metrics`)).text();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  served = new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true, force: true });
});

/** The names of metrics in a query. */
const namesIn = (expr: string): string[] =>
  [...expr.matchAll(/\b(?:q|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);

describe('the alert rules', () => {
  interface Rules {
    readonly groups: readonly {
      readonly name: string;
      readonly rules: readonly {
        readonly alert: string;
        readonly expr: string;
        readonly labels: { readonly severity: string };
        readonly annotations: { readonly summary: string };
      }[];
    }[];
  }

  it('ask for metrics that the node serves, and for objectives of its contracts', async () => {
    const text = await readFile(join(ROOT, 'deploy/prometheus/q-node.rules.yml'), 'utf8');
    const { groups } = readYaml(text) as Rules;
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(node.kernel.contracts.length);
    for (const { expr, labels, annotations } of rules) {
      const names = namesIn(expr);
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter((name) => !served.has(name))).toEqual([]);
      expect(['page', 'ticket']).toContain(labels.severity);
      expect(annotations.summary).not.toBe('');
      expect(bracketsClose(expr)).toBe(true);
    }
    const ofModules = new Set(
      rules.flatMap(({ expr }) => /module="([a-z0-9]+)"/.exec(expr)?.[1] ?? []),
    );
    expect([...ofModules].toSorted()).toEqual(
      node.kernel.contracts.map(({ name }) => name).toSorted(),
    );
  });
});

describe('the dashboard', () => {
  it('asks for metrics that the node serves', async () => {
    const text = await readFile(join(ROOT, 'deploy/grafana/q-node.json'), 'utf8');
    const { panels } = JSON.parse(text) as {
      readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
    };
    const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(exprs.length).toBeGreaterThan(10);
    for (const expr of exprs) {
      expect(namesIn(expr).length).toBeGreaterThan(0);
      expect(namesIn(expr).filter((name) => !served.has(name))).toEqual([]);
      expect(bracketsClose(expr)).toBe(true);
    }
  });
});

function bracketsClose(expr: string): boolean {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ')': '(', '}': '{', ']': '[' };
  for (const char of expr.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')) {
    if ('({['.includes(char)) open.push(char);
    else if (pairs[char] !== undefined && open.pop() !== pairs[char]) return false;
  }
  return open.length === 0;
}
