import { API_VERSION, type AnyContract } from '@anarq/common-schemas';
import { stringify } from 'yaml';
import { code, codes, table } from './markdown.ts';
import { markdownNote, yamlNote } from './notes.ts';

const STANDARDS: readonly (readonly [string, string])[] = [
  ['Interface (x-api-version)', API_VERSION],
  ['Node.js', '26 or later'],
  ['JSON Schema', '2020-12'],
  ['OpenAPI', '3.1.1'],
  ['AsyncAPI', '3.0.0'],
  ['CloudEvents', '1.0'],
  ['MCP', '2026-07-28 and 2025-11-25'],
  ['Grants', 'UCAN 1.0-rc.1'],
];

/**
 * compat/matrix.md: what a module works with.
 * @param all every contract of the node; a dependency that is not among them is shown as absent
 */
export function compatibilityMatrix(contract: AnyContract, all: readonly AnyContract[]): string {
  const uses = (from: AnyContract, module: string): string[] =>
    [...new Set(Object.values(from.operations).flatMap((op) => op.uses))]
      .filter((id) => id.startsWith(`${module}.`))
      .toSorted();
  const needs = contract.dependencies.map((name) => [
    code(name),
    all.find((other) => other.name === name)?.version ?? 'not on this node',
    codes(uses(contract, name)),
  ]);
  const neededBy = all
    .filter((other) => other.dependencies.includes(contract.name))
    .map((other) => [code(other.name), other.version, codes(uses(other, contract.name))]);
  const sunsets = Object.values(contract.operations).flatMap((op) =>
    op.sunset === undefined ? [] : [[code(op.id), op.sunset]],
  );
  const section = (title: string, head: readonly string[], rows: string[][], none: string) =>
    `\n## ${title}\n\n${rows.length === 0 ? `${none}\n` : table(head, rows)}`;
  return [
    markdownNote,
    `# Compatibility of ${contract.title} ${contract.version}\n`,
    section('Needs', ['Module', 'Version', 'Operations'], needs, 'No other module.'),
    section('Needed by', ['Module', 'Version', 'Operations'], neededBy, 'No other module.'),
    section(
      'Standards',
      ['Standard', 'Version'],
      STANDARDS.map((row) => [...row]),
      '',
    ),
    section('Going away', ['Operation', 'After'], sunsets, 'No operation.'),
    '\nOperations change by adding optional members; a breaking change is a new operation beside the old\n',
    'one, which then names the date after which it may go.\n',
  ].join('');
}

/** docker-compose.yml: starts a node that serves the module, on this machine only. */
export const composeFile = (contract: AnyContract): string =>
  yamlNote +
  stringify(
    {
      name: `q-${contract.name}`,
      services: {
        node: {
          image: 'node:26.10.0-bookworm-slim',
          working_dir: '/q',
          command: './q up --host 0.0.0.0 --data /var/lib/q/data --keys /var/lib/q-keys',
          // Inside the container every interface; outside it the loopback alone.
          ports: ['127.0.0.1:8080:8080'],
          volumes: ['../..:/q', 'data:/var/lib/q', 'keys:/var/lib/q-keys'],
          healthcheck: {
            test: [
              'CMD',
              'node',
              '-e',
              "fetch('http://127.0.0.1:8080/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))",
            ],
            interval: '10s',
            timeout: '5s',
            retries: 6,
            start_period: '180s',
          },
          stop_grace_period: '30s',
          restart: 'unless-stopped',
        },
      },
      volumes: { data: {}, keys: {} },
    },
    { lineWidth: 0 },
  );
