import type { Circuit } from '../circuit.ts';
import { CircuitError } from '../error.ts';
import { layoutOf, type DrawnCell, type DrawnColumn, type DrawnRow } from './layout.ts';

export interface TextDrawing {
  /** Characters of a line; a longer circuit goes on in further pieces below. 100 without it, 20 at least. */
  readonly width?: number;
  /** Only characters of ASCII. */
  readonly ascii?: boolean;
}

const WIDTH_DEFAULT = 100;
const WIDTH_MIN = 20;

/** The characters a drawing is made of: on a wire and between wires, each for qubits and bits. */
interface Signs {
  readonly wire: string;
  readonly bits: string;
  readonly line: string;
  readonly classicalLine: string;
  /** A line across a qubit's wire, and one across a classical wire. */
  readonly crossing: string;
  readonly classicalCrossing: string;
  readonly acrossBits: string;
  readonly left: string;
  readonly right: string;
  readonly control: string;
  readonly anticontrol: string;
  readonly target: string;
  readonly swap: string;
  readonly arrow: string;
  readonly condition: string;
  readonly barrier: string;
  readonly divider: string;
}

const UNICODE: Signs = {
  wire: '─',
  bits: '═',
  line: '│',
  classicalLine: '║',
  crossing: '┼',
  classicalCrossing: '╫',
  acrossBits: '╬',
  left: '┤',
  right: '├',
  control: '●',
  anticontrol: '○',
  target: '⊕',
  swap: '×',
  arrow: '╩',
  condition: '■',
  barrier: '░',
  divider: '┊',
};

const ASCII: Signs = {
  wire: '-',
  bits: '=',
  line: '|',
  classicalLine: '!',
  crossing: '+',
  classicalCrossing: '+',
  acrossBits: '+',
  left: '[',
  right: ']',
  control: '@',
  anticontrol: 'o',
  target: 'X',
  swap: 'x',
  arrow: 'v',
  condition: '#',
  barrier: ':',
  divider: ':',
};

/** What stands on one wire in one column; `anchor` is the character that lines meet. */
interface Piece {
  readonly text: string;
  readonly anchor: number;
}

interface Measured {
  readonly column: DrawnColumn;
  readonly pieces: ReadonlyMap<number, Piece>;
  readonly left: number;
  readonly width: number;
}

/**
 * Draws a circuit as text, each wire a line, time from left to right. A measurement's line ends at
 * the register it goes to, beside the number of the bit there; a condition stands on its register.
 * @throws CircuitError LIMIT for more than a drawing holds, SEMANTICS for a width below 20
 */
export function drawText(circuit: Circuit, options: TextDrawing = {}): string {
  const { width = WIDTH_DEFAULT, ascii = false } = options;
  if (!(width >= WIDTH_MIN))
    throw new CircuitError('SEMANTICS', `A drawing is at least ${WIDTH_MIN} wide, not ${width}.`);
  const signs = ascii ? ASCII : UNICODE;
  const { rows, columns } = layoutOf(circuit);
  const labels = rows.map(({ label }) => plain(label, ascii));
  const labelWidth = Math.max(0, ...labels.map(({ length }) => length));
  const measured = columns.map((column) => measuredColumn(column, signs, ascii));
  const drawn: string[] = [];
  for (const part of parts(measured, width - labelWidth - 4)) {
    if (drawn.length > 0) drawn.push('');
    drawn.push(...drawnPart(part, rows, labels, labelWidth, signs, ascii));
  }
  return drawn.map((line) => `${line.trimEnd()}\n`).join('');
}

/** As many columns as fit, at least one, again and again; an empty circuit has one empty part. */
function* parts(columns: readonly Measured[], width: number): Generator<readonly Measured[], void> {
  let part: Measured[] = [];
  let used = 0;
  for (const column of columns) {
    if (part.length > 0 && used + column.width + 1 > width) {
      yield part;
      part = [];
      used = 0;
    }
    part.push(column);
    used += column.width + 1;
  }
  yield part;
}

const REPLACED: Readonly<Record<string, string>> = {
  π: 'pi',
  '…': '~',
  '†': '+',
  '√': 'sqrt',
  '⟩': '>',
};

/** A text in ASCII where that is asked for: what has no letters there becomes a question mark. */
const plain = (text: string, ascii: boolean): string =>
  ascii ? text.replaceAll(/[^ -~]/gu, (character) => REPLACED[character] ?? '?') : text;

function pieceOf({ sign, text }: DrawnCell, signs: Signs, ascii: boolean): Piece {
  const words = plain(text, ascii);
  switch (sign) {
    case '●':
      return { text: signs.control, anchor: 0 };
    case '○':
      return { text: signs.anticontrol, anchor: 0 };
    case '⊕':
      return { text: signs.target, anchor: 0 };
    case '×':
      return { text: signs.swap, anchor: 0 };
    case 'arrow':
      return { text: signs.arrow + words, anchor: 0 };
    case 'condition':
      return { text: `${signs.condition} ${words} `, anchor: 0 };
    case 'barrier':
      return { text: signs.barrier, anchor: 0 };
    case 'box': {
      const whole = signs.left + words + signs.right;
      return { text: whole, anchor: Math.floor((whole.length - 1) / 2) };
    }
  }
}

function measuredColumn(column: DrawnColumn, signs: Signs, ascii: boolean): Measured {
  const pieces = new Map<number, Piece>();
  for (const { cells } of column.items)
    for (const cell of cells) pieces.set(cell.row, pieceOf(cell, signs, ascii));
  let left = 0;
  let right = 1;
  for (const { text, anchor } of pieces.values()) {
    left = Math.max(left, anchor);
    right = Math.max(right, text.length - anchor);
  }
  const width = Math.max(left + right, plain(column.header, ascii).length);
  return { column, pieces, left, width };
}

function drawnPart(
  part: readonly Measured[],
  rows: readonly DrawnRow[],
  labels: readonly string[],
  labelWidth: number,
  signs: Signs,
  ascii: boolean,
): readonly string[] {
  const lines: string[] = [];
  const indent = ' '.repeat(labelWidth + 2);
  if (part.some(({ column }) => column.header !== ''))
    lines.push(
      indent +
        part.map(({ column, width }) => ` ${plain(column.header, ascii).padEnd(width)}`).join(''),
    );
  for (const [row, { classical }] of rows.entries()) {
    const wire = classical ? signs.bits : signs.wire;
    const cells = part.map((measured) => wire + onWire(measured, row, wire, classical, signs));
    lines.push(`${labels[row]!.padStart(labelWidth)}: ${cells.join('')}${wire}`);
    if (row === rows.length - 1) continue;
    const between = part.map((measured) => ` ${belowWire(measured, row, signs)}`);
    lines.push(indent + between.join(''));
  }
  return lines;
}

/** The line that passes a row, or passes from it to the next, in one column. */
function lineAt({ column }: Measured, row: number, below: boolean): 'none' | 'single' | 'double' {
  for (const { lines } of column.items)
    for (const { from, to, classical } of lines)
      if (from <= row && (below ? row < to : row <= to)) return classical ? 'double' : 'single';
  return 'none';
}

function onWire(
  measured: Measured,
  row: number,
  wire: string,
  classical: boolean,
  signs: Signs,
): string {
  const { left, width } = measured;
  const piece = measured.pieces.get(row);
  if (measured.column.divides) return signs.divider.padEnd(width, wire);
  if (piece !== undefined)
    return (wire.repeat(left - piece.anchor) + piece.text).padEnd(width, wire);
  const line = lineAt(measured, row, false);
  const crossing =
    line === 'none'
      ? wire
      : classical
        ? signs.acrossBits
        : line === 'double'
          ? signs.classicalCrossing
          : signs.crossing;
  return (wire.repeat(left) + crossing).padEnd(width, wire);
}

function belowWire(measured: Measured, row: number, signs: Signs): string {
  const { left, width } = measured;
  if (measured.column.divides) return signs.divider.padEnd(width);
  const line = lineAt(measured, row, true);
  const barrier = [row, row + 1].every((at) => measured.pieces.get(at)?.text === signs.barrier);
  const sign =
    line === 'single'
      ? signs.line
      : line === 'double'
        ? signs.classicalLine
        : barrier
          ? signs.barrier
          : ' ';
  return (' '.repeat(left) + sign).padEnd(width);
}
