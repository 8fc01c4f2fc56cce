import type { Circuit } from '../circuit.ts';
import { summaryOf } from '../transform/summary.ts';
import { layoutOf, type DrawnCell, type DrawnColumn } from './layout.ts';

const CHARACTER = 7.5;
const ROW = 44;
const BOX = 28;
const GAP = 14;
const TOP = 34;
const SIGN = 9;

const STYLE = [
  '.q-circuit{--ink:#1b1f24;--paper:#fff;--box:#eef2f7;--soft:#8a94a3;font:13px ui-monospace,Menlo,Consolas,monospace}',
  '@media (prefers-color-scheme:dark){.q-circuit{--ink:#e6e9ee;--paper:#14171c;--box:#28303b;--soft:#7b8594}}',
  '.q-circuit text{fill:var(--ink);dominant-baseline:central}',
  '.q-circuit .m{text-anchor:middle}.q-circuit .e{text-anchor:end}.q-circuit .s{font-size:11px}',
  '.q-circuit .w{stroke:var(--soft);stroke-width:1.2}.q-circuit .l{stroke:var(--ink);stroke-width:1.4;fill:none}',
  '.q-circuit .b{fill:var(--box);stroke:var(--ink);stroke-width:1.2}',
  '.q-circuit .f{fill:var(--ink)}.q-circuit .o{fill:var(--paper);stroke:var(--ink);stroke-width:1.4}',
  '.q-circuit .g{stroke:var(--soft);stroke-dasharray:4 4}.q-circuit .p{fill:var(--paper)}',
].join('');

/**
 * Draws a circuit as an SVG document: a title and a description for who cannot see it, light or dark
 * as the reader prefers, nothing loaded from elsewhere.
 * @throws CircuitError LIMIT for more than a drawing holds
 */
export function drawSvg(circuit: Circuit): string {
  const { rows, columns } = layoutOf(circuit);
  const labels = Math.max(0, ...rows.map(({ label }) => label.length)) * CHARACTER + 2 * GAP;
  const widths = columns.map(widthOf);
  const width = labels + widths.reduce((sum, column) => sum + column + GAP, GAP);
  const height = TOP + rows.length * ROW + 6;
  const parts: string[] = [];
  for (const [row, { label, classical }] of rows.entries()) {
    const y = yOf(row);
    for (const offset of classical ? [-1.5, 1.5] : [0])
      parts.push(line('w', labels - GAP, y + offset, width - GAP / 2, y + offset));
    parts.push(text('e', labels - GAP - 6, y, label));
  }
  let x = labels + GAP / 2;
  for (const [at, column] of columns.entries()) {
    parts.push(...drawnColumn(column, x, widths[at]!, rows.length));
    x += widths[at]! + GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="q-circuit" role="img" aria-labelledby="q-title q-desc" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}">`,
    `<title id="q-title">${escaped(circuit.name ?? 'Quantum circuit')}</title>`,
    `<desc id="q-desc">${escaped(descriptionOf(circuit))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="p" width="100%" height="100%"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function descriptionOf(circuit: Circuit): string {
  const { gates, gateCount, measurements, depth } = summaryOf(circuit);
  const names = Object.entries(gates).slice(0, 20);
  const listed = names.map(([name, count]) => `${count} ${name}`).join(', ');
  return (
    `${circuit.qubits} qubits, ${circuit.bits} bits, ${gateCount} gates` +
    `${listed === '' ? '' : ` (${listed})`}, ${measurements} measurements, depth ${depth}.`
  );
}

const yOf = (row: number): number => TOP + row * ROW + ROW / 2;
const round = (value: number): number => Math.round(value * 10) / 10;
const boxWidth = (label: string): number => Math.max(BOX, label.length * CHARACTER + 12);

function widthOf({ items, header }: DrawnColumn): number {
  let width = Math.max(SIGN * 2, header.length * CHARACTER);
  for (const { cells } of items)
    for (const { sign, text: label } of cells) {
      if (sign === 'box') width = Math.max(width, boxWidth(label));
      // A condition's text stands to the right of its sign.
      if (sign === 'condition') width = Math.max(width, 2 * label.length * CHARACTER + 24);
    }
  return width;
}

function drawnColumn(
  { items, header, divides }: DrawnColumn,
  x: number,
  width: number,
  rows: number,
): readonly string[] {
  const parts: string[] = [];
  const middle = x + width / 2;
  if (header !== '') {
    parts.push(text('', x, TOP - 16, header));
    if (divides) parts.push(line('g', x, TOP - 6, x, TOP + rows * ROW));
  }
  for (const { lines, cells } of items) {
    for (const { from, to, classical } of lines)
      for (const offset of classical ? [-1.5, 1.5] : [0])
        parts.push(line('l', middle + offset, yOf(from), middle + offset, yOf(to)));
    for (const cell of cells) parts.push(...drawnCell(cell, middle));
  }
  return parts;
}

function drawnCell({ row, sign, text: label }: DrawnCell, x: number): readonly string[] {
  const y = yOf(row);
  switch (sign) {
    case '●':
      return [circle('f', x, y, 5)];
    case '○':
      return [circle('o', x, y, 5)];
    case '⊕':
      return [
        circle('o', x, y, SIGN),
        line('l', x - SIGN, y, x + SIGN, y),
        line('l', x, y - SIGN, x, y + SIGN),
      ];
    case '×':
      return [line('l', x - 6, y - 6, x + 6, y + 6), line('l', x - 6, y + 6, x + 6, y - 6)];
    case 'arrow':
      return [
        `<path class="f" d="M${round(x - 5)} ${round(y - 9)}h10l-5 8z"/>`,
        text('s', x + 7, y + 12, label),
      ];
    case 'condition':
      return [circle('f', x, y, 5), text('s', x + 9, y + 12, label)];
    case 'barrier':
      return [line('g', x, y - ROW / 2, x, y + ROW / 2)];
    case 'box': {
      const width = boxWidth(label);
      return [
        `<rect class="b" x="${round(x - width / 2)}" y="${round(y - BOX / 2)}" width="${round(width)}" height="${BOX}" rx="3"/>`,
        text('m', x, y, label),
      ];
    }
  }
}

const line = (kind: string, x1: number, y1: number, x2: number, y2: number): string =>
  `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;

const circle = (kind: string, x: number, y: number, radius: number): string =>
  `<circle class="${kind}" cx="${round(x)}" cy="${round(y)}" r="${radius}"/>`;

const text = (kind: string, x: number, y: number, words: string): string =>
  `<text class="${kind}" x="${round(x)}" y="${round(y)}">${escaped(words)}</text>`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of XML: characters that mean something there are escaped, those it may not hold are replaced. */
const escaped = (words: string): string =>
  words
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex -- XML 1.0 has no place for these characters
    .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/gu, '\uFFFD')
    .replaceAll(/[&<>"']/gu, (character) => ESCAPES[character]!);
