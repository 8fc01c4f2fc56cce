import {
  errorEntry,
  type AnyContract,
  type AnyOperation,
  type TSchema,
} from '@anarq/common-schemas';
import { sampleOf } from './sample.ts';
import { accessInWords, isWrite, signatureInWords, typeInWords } from './words.ts';

/** What a catalogue shows of one operation. */
export interface CatalogueOperation {
  readonly id: string;
  readonly summary: string;
  readonly kind: 'query' | 'command' | 'process';
  /** Method and path on the node: 'POST /qwallet/intents/{intentId}/pay'. */
  readonly http: string;
  /** Absent where the operation is not an MCP tool. */
  readonly tool?: string;
  readonly scope: string;
  readonly access: AnyOperation['access'];
  readonly signature: 'full' | 'session';
}

export interface CatalogueModule {
  readonly module: string;
  readonly title: string;
  readonly version: string;
  readonly purpose: string;
  readonly operations: readonly CatalogueOperation[];
}

/** The contracts as plain data for a list of modules. */
export const catalogue = (contracts: readonly AnyContract[]): CatalogueModule[] =>
  contracts.map((contract) => ({
    module: contract.name,
    title: contract.title,
    version: contract.version,
    purpose: contract.purpose,
    operations: Object.values(contract.operations).map((op) => ({
      id: op.id,
      summary: op.summary,
      kind: op.kind,
      http: `${op.http.method} /${op.module}${op.http.path}`,
      ...(op.mcp === false ? {} : { tool: op.mcp.tool }),
      scope: op.command,
      access: op.access,
      signature: op.signature,
    })),
  }));

/** The help of one operation for a terminal, ending in a newline. */
export function helpOf(op: AnyOperation): string {
  const members = membersOf(op.output);
  const sections: [string, string[]][] = [
    ['Usage', [`./q call ${op.id} JSON`, `./q call ${op.id} --help`]],
    ['Input', columns(membersOf(op.input))],
    ['Output', members.length === 0 ? [typeInWords(op.output)] : columns(members)],
    ['Who may call', [accessInWords(op), signatureInWords(op), ...spending(op)]],
    [
      'Errors of its own',
      op.errors.map((name) => `${name}  ${errorEntry(name).actions.join(' ')}`),
    ],
    ['Example', [exampleLine(op)]],
  ];
  return [
    `${op.id} (${op.kind}, ${op.http.method} /${op.module}${op.http.path})`,
    `${op.summary}${op.sunset === undefined ? '' : ` Goes after ${op.sunset}.`}`,
    ...sections
      .filter(([, lines]) => lines.length > 0)
      .flatMap(([title, lines]) => ['', `${title}:`, ...lines.map((line) => `  ${line}`)]),
    '',
  ].join('\n');
}

const spending = (op: AnyOperation): string[] => [
  ...(op.authorises === undefined
    ? []
    : [`Spends at most ${op.authorises.amount} in ${op.authorises.unit}.`]),
  ...(isWrite(op) ? ['A write: it carries an idempotency key, so that a retry acts once.'] : []),
];

type Row = readonly [name: string, required: string, type: string, description: string];

function membersOf(schema: TSchema): Row[] {
  const { properties = {}, required = [] } = schema as {
    properties?: Readonly<Record<string, TSchema>>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, member]) => [
    name,
    required.includes(name) ? 'required' : 'optional',
    typeInWords(member),
    (member as { description?: string }).description ?? '',
  ]);
}

/** A cell that is longer moves only what stands beside it: a list of forty words, for one. */
const WIDTH_MAX = 60;

/** Rows under each other, each column as wide as its widest cell. */
function columns(rows: readonly Row[]): string[] {
  const widths = [0, 1, 2].map((index) => {
    const lengths = rows.map((row) => (row[index] ?? '').length);
    return Math.max(0, ...lengths.filter((length) => length <= WIDTH_MAX));
  });
  return rows.map((row) =>
    row
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A line to copy into a POSIX shell. */
function exampleLine(op: AnyOperation): string {
  const input = JSON.stringify(op.examples[0]?.input ?? sampleOf(op.input));
  return `./q call ${op.id} '${input.replaceAll("'", `'\\''`)}'`;
}
