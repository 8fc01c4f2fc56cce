import { expressionText, GATES, type Gate, type GateUse } from '@anarq/quantum/local';
import { entryText, greek } from './entryText.ts';
import { wavesOf } from './waves.ts';

const NOTE =
  '<!-- Derived from the gate table (engines/circuit/src/gates); do not edit. Renew with: ./q generate -->\n\n';

const TITLES = [
  'Phase alone',
  'One qubit',
  'Two qubits',
  'Three qubits',
  'Four qubits',
  'Five qubits',
];

/** The gate table as a page: what parsers, simulators, writers and drawings read, for people. */
export function gatePage(): string {
  const gates = [...GATES.values()];
  const groups = Map.groupBy(gates, ({ qubits }) => qubits);
  return [
    NOTE,
    '# Gates\n\n',
    `The ${gates.length} gates that every parser, simulator, writer and drawing knows. What a gate is, is its matrix, global\n`,
    'phase included; all else is held to the matrix by tests (`engines/circuit/tests/gates.test.ts`). Any number of controls\n',
    'can be put on each gate besides.\n\n',
    '- **Matrix** of one qubit: row after row. Of more qubits the **action**: where basis states go that do not stay what they\n',
    '  are, the last operand first, as in the index of a state: `cx` takes `|01⟩`, its control (operand 0) being 1, to `|11⟩`.\n',
    '- **Stabiliser action**, of gates that are Clifford: where X and Z of each operand go, operand 0 first.\n',
    '- **Decomposition**: the same in other gates of the table, in the order they act, with their operands; `u3`, `cx` and\n',
    '  `gphase` are what all others end in.\n',
    '- **Drawn**: the symbol of each operand; `●` a control, `⊕` a target of X, `×` one that changes places, else a box.\n',
    ...[...groups]
      .toSorted(([a], [b]) => a - b)
      .map(([qubits, some]) => `\n## ${TITLES[qubits]}\n\n${tableOf(qubits, some)}`),
  ].join('');
}

function tableOf(qubits: number, gates: readonly Gate[]): string {
  const head = [
    'Gate',
    qubits <= 1 ? 'Matrix' : 'Action',
    'Undone by',
    'Stabiliser action',
    'Decomposition',
    'Drawn',
    'OpenQASM 2',
    'OpenQASM 3',
    '.stim',
  ];
  const rows = gates.map((gate) => [
    code(nameText(gate)),
    qubits <= 1
      ? code(matrixText(gate))
      : actionsOf(gate).map(code).join(', ') || 'nothing changes',
    code(useText(gate.inverse)),
    stabiliserOf(gate).map(code).join(', '),
    decompositionOf(gate),
    gate.symbols.map(code).join(' '),
    ...[gate.qasm2, gate.qasm3, gate.stim].map((names) => names.map(code).join(', ')),
  ]);
  return [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((text) => (text === '' ? '–' : cell(text))).join(' | ')} |\n`)
    .join('');
}

const code = (text: string): string => `\`${text}\``;
const cell = (text: string): string => text.replaceAll('|', '\\|');

const nameText = ({ name, params }: Gate): string =>
  params.length === 0 ? name : `${name}(${params.map(greek).join(', ')})`;

function useText({ gate, params }: GateUse): string {
  const texts = params.map((param) => bookText(expressionText(param, NAMINGS)));
  return texts.length === 0 ? gate : `${gate}(${texts.join(', ')})`;
}

/** An angle of OpenQASM as books write it. */
const bookText = (text: string): string =>
  text
    .replaceAll('pi', 'π')
    .replaceAll(/(\d)\.0\b/g, '$1')
    .replaceAll(/ ([*/]) /g, '$1');

const stepText = (use: GateUse, qubits: readonly number[]): string =>
  [useText(use), qubits.join(',')].filter((text) => text !== '').join(' ');

/** Expressions of the table name nothing but params. */
const nothing = (): never => {
  throw new TypeError('a gate of the table names a variable');
};
const NAMINGS = {
  parameter: greek,
  variable: nothing,
  bit: nothing,
  bits: nothing,
  isAngle: () => false,
};

/** Every entry as a text, row after row. */
function entriesOf({ matrix, params, qubits }: Gate): string[][] {
  const size = 2 ** qubits;
  const known = new Map<string, ReturnType<Gate['matrix']>>();
  const at = (values: readonly number[]): ReturnType<Gate['matrix']> => {
    const key = values.join();
    const made = known.get(key) ?? matrix(...values);
    known.set(key, made);
    return made;
  };
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_entry, column) => {
      const place = 2 * (row * size + column);
      const waves = wavesOf(params.length, (values) => {
        const made = at(values);
        return [made[place] ?? 0, made[place + 1] ?? 0];
      });
      return entryText(waves, params);
    }),
  );
}

function matrixText(gate: Gate): string {
  const rows = entriesOf(gate);
  return rows.length === 1
    ? (rows[0]?.[0] ?? '')
    : rows.map((row) => `[${row.join(', ')}]`).join(' ');
}

/** What becomes of the basis states that do not stay what they are. */
function actionsOf(gate: Gate): string[] {
  const entries = entriesOf(gate);
  const ket = (index: number): string => `|${index.toString(2).padStart(gate.qubits, '0')}⟩`;
  return entries.flatMap((_, column) => {
    const terms = entries.flatMap((row, at) => {
      const text = row[column] ?? '0';
      return text === '0' ? [] : [{ at, text }];
    });
    if (terms.length === 1 && terms[0]?.at === column && terms[0].text === '1') return [];
    return [
      `${ket(column)} → ${terms
        .map(({ at, text }) => factorText(text) + ket(at))
        .join(' + ')
        .replaceAll('+ -', '- ')}`,
    ];
  });
}

const factorText = (text: string): string => {
  if (text === '1') return '';
  if (text === '-1') return '-';
  return / [+-] /.test(text.replaceAll(/\([^()]*\)/g, '')) ? `(${text}) ` : `${text} `;
};

function decompositionOf({ decomposition }: Gate): string {
  if (decomposition === undefined) return '';
  if (decomposition.length === 0) return 'nothing';
  return decomposition.map((step) => code(stepText(step, step.qubits))).join(' ');
}

function stabiliserOf({ stabiliser, qubits }: Gate): string[] {
  if (stabiliser === undefined) return [];
  const alone = (letter: string, at: number): string =>
    '_'.repeat(at) + letter + '_'.repeat(qubits - 1 - at);
  const unsigned = (image: string): string => image.replace('+', '');
  return stabiliser.x.flatMap((image, at) => [
    `${alone('X', at)} → ${unsigned(image)}`,
    `${alone('Z', at)} → ${unsigned(stabiliser.z[at] ?? '')}`,
  ]);
}
