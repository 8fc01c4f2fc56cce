/** Text that may stand in a cell of a Markdown table. */
const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ');

/** A Markdown table. Every row has as many cells as the head. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map(cell).join(' | ')} |\n`)
    .join('');

export const code = (text: string): string => `\`${text}\``;

/** A list of codes in one cell; a dash where there is none. */
export const codes = (texts: readonly string[]): string =>
  texts.length === 0 ? '-' : texts.map(code).join(', ');
