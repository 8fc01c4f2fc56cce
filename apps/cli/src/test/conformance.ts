import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import type { Verdict } from './check.ts';
import { runVitest, type VitestReport } from './checks/vitest.ts';

/** A published standard or set of cases, and the tests that compare this project with it. */
interface Standard {
  readonly name: string;
  /** Where the cases come from. */
  readonly source: string;
  readonly files: readonly string[];
}

/** What `q test conformance` runs, in the order of its table. */
export const STANDARDS: readonly Standard[] = [
  {
    name: 'UCAN 1.0-rc.1',
    source: 'ucan-wg/go-ucan',
    files: ['engines/authority/tests/vectors.test.ts'],
  },
  {
    name: 'Merkle trees, RFC 6962',
    source: 'transparency-dev/merkle',
    files: ['engines/tlog/tests/vectors.test.ts'],
  },
  {
    name: 'signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-tiles',
    source: 'C2SP',
    files: ['engines/tlog/tests/notes.test.ts', 'engines/tlog/tests/tiles.test.ts'],
  },
  {
    name: 'Ed25519, ML-DSA, ML-KEM, X25519, AES-GCM, HKDF',
    source: 'C2SP/wycheproof',
    files: ['packages/crypto/tests/wycheproof.test.ts'],
  },
  {
    name: 'canonical JSON, RFC 8785',
    source: 'the RFC',
    files: ['packages/crypto/tests/jcs.test.ts'],
  },
  { name: 'SLIP-0010', source: 'the document', files: ['packages/crypto/tests/derive.test.ts'] },
  {
    name: 'decimal arithmetic',
    source: 'General Decimal Arithmetic',
    files: [
      'engines/decimal/tests/gda.vectors.test.ts',
      'engines/decimal/tests/decimalText.test.ts',
    ],
  },
  {
    name: 'double-entry ledger',
    source: 'TigerBeetle',
    files: ['engines/ledger/tests/vectors.test.ts', 'modules/ledger/tests/node.vectors.test.ts'],
  },
  {
    name: 'posting templates',
    source: 'formancehq/numscript',
    files: ['engines/posting-templates/tests/vectors.test.ts'],
  },
  {
    name: 'OpenQASM 3 grammar: syntax alone',
    source: 'openqasm/openqasm',
    files: ['engines/circuit/tests/qasm/grammar.vectors.test.ts'],
  },
  {
    name: 'OpenQASM 3 example programs: their meaning',
    source: 'openqasm/openqasm',
    files: ['engines/circuit/tests/qasm/examples.vectors.test.ts'],
  },
  {
    name: 'OpenQASM files and their sizes',
    source: 'QASMBench, mqt-qmap, benchpress, QUEKO',
    files: ['engines/circuit/tests/qasm/files.vectors.test.ts'],
  },
  {
    name: 'circuits that are run',
    source: 'QASMBench',
    files: ['engines/quantum/tests/qasmbench.test.ts', 'modules/quantum/tests/qasmbench.test.ts'],
  },
  {
    name: 'UnixFS CIDs',
    source: 'ipfs-unixfs-importer',
    files: ['packages/content/tests/unixfs.test.ts'],
  },
  {
    name: 'MCP scenarios',
    source: '@modelcontextprotocol/conformance',
    files: ['packages/surfaces/tests/mcp-conformance.test.ts'],
  },
  {
    name: 'MCP clients',
    source: '@modelcontextprotocol/client, sdk',
    files: ['packages/surfaces/tests/mcp.test.ts'],
  },
  {
    name: 'OpenAPI 3.1',
    source: '@redocly/cli',
    files: ['packages/derive/tests/openapi.test.ts', 'tests/documents.test.ts'],
  },
  {
    name: 'AsyncAPI 3.0',
    source: '@asyncapi/parser',
    files: ['packages/derive/tests/asyncapi.test.ts'],
  },
  {
    name: 'CloudEvents 1.0',
    source: 'the specification',
    files: ['packages/bus/tests/delivery.test.ts'],
  },
];

const DOCUMENT = 'docs/conformance.md';
const BEGIN = '<!-- counts: written by ./q test conformance --write -->';
const END = '<!-- end of counts -->';

interface Row extends Pick<Standard, 'name' | 'source' | 'files'> {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Runs what is compared with published standards, and holds the table in docs/conformance.md to the
 * counts; a set that is not on this machine counts as skipped, and its row is left as it is.
 * @param write puts the counts of this run into the document
 */
export async function runConformance(
  root: string,
  options: { readonly write: boolean; readonly onProgress?: (line: string) => void },
): Promise<Verdict> {
  const files = STANDARDS.flatMap((standard) => standard.files);
  let rows: Row[] = [];
  const verdict = await runVitest(root, {
    tier: 'unit',
    files,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    onReport: (report) => {
      rows = countsOf(root, report);
    },
  });
  const problems = options.write
    ? await writeTable(root, rows)
    : await differences(join(root, DOCUMENT), rows);
  const output = [...problems, verdict.output].join('\n');
  return {
    ...verdict,
    failed: verdict.failed + problems.length,
    output,
    suites: rows.map(lineOf),
  };
}

function countsOf(root: string, report: VitestReport): Row[] {
  return STANDARDS.map((standard) => {
    const row: Row = { ...standard, passed: 0, failed: 0, skipped: 0 };
    for (const file of report.testResults) {
      if (!standard.files.includes(relative(root, file.name ?? ''))) continue;
      for (const { status } of file.assertionResults as readonly { readonly status: string }[])
        row[status === 'passed' ? 'passed' : status === 'failed' ? 'failed' : 'skipped'] += 1;
    }
    return row;
  });
}

const lineOf = ({ name, source, passed, failed, skipped }: Row): string => {
  const mark = failed > 0 ? '✗' : passed > 0 ? '·' : '-';
  const rest = `${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return `  ${mark} ${`${passed} passed${rest}`.padEnd(24)} ${name} (${source})`;
};

const tableOf = (rows: readonly Row[]): string[] => [
  '| standard | source | tests | passed | skipped |',
  '| --- | --- | --- | ---: | ---: |',
  ...rows.map(
    ({ name, source, files, passed, skipped }) =>
      `| ${name} | ${source} | ${files.map((file) => `\`${file}\``).join(', ')} | ${passed} | ${skipped} |`,
  ),
];

async function writeTable(root: string, rows: readonly Row[]): Promise<string[]> {
  if (rows.some(({ passed }) => passed === 0))
    return ['A set is missing or nothing ran: the document keeps the counts that it has.'];
  const path = join(root, DOCUMENT);
  const text = await readFile(path, 'utf8');
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) return [`${DOCUMENT} has no place for the counts.`];
  const table = `${BEGIN}\n\n${tableOf(rows).join('\n')}\n\n`;
  await writeFile(path, text.slice(0, before) + table + text.slice(after));
  return [];
}

/** What the document says otherwise than this run; rows of sets that are not here are not compared. */
export async function differences(path: string, rows: readonly Row[]): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  const said = new Map(
    text
      .slice(text.indexOf(BEGIN), text.indexOf(END))
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, name = '', , , passed, skipped]) => [name, `${passed}, ${skipped}`]),
  );
  return rows
    .filter(({ passed, failed }) => passed > 0 && failed === 0)
    .filter(({ name, passed, skipped }) => said.get(name) !== `${passed}, ${skipped}`)
    .map(
      ({ name, passed, skipped }) =>
        `${DOCUMENT} says of ${name}: ${said.get(name) ?? 'nothing'}; this run: ${passed}, ${skipped} (passed, skipped). ./q test conformance --write mends it.`,
    );
}
