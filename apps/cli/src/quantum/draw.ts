import { writeFile } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';
import { tellingOf, withThread } from './local.ts';
import { formatOf, type AskingOptions } from './options.ts';
import { readCircuit } from './readCircuit.ts';

type FileFormat = NonNullable<AskingOptions['format']>;

/** Draws a circuit: as text, or as SVG into a file. */
export const draw = (
  path: string,
  options: { readonly format?: FileFormat; readonly svg?: string },
): Promise<void> =>
  tellingOf(path, {}, async () => {
    const source = { text: await readCircuit(path), format: formatOf(options.format) };
    const as = options.svg === undefined ? 'text' : 'svg';
    const { drawing } = await withThread((thread) => thread.perform({ kind: 'draw', source, as }));
    await write(drawing, options.svg);
  });

/** Writes a circuit in another format. */
export const convert = (
  path: string,
  options: { readonly format?: FileFormat; readonly to: FileFormat; readonly out?: string },
): Promise<void> =>
  tellingOf(path, {}, async () => {
    const source = { text: await readCircuit(path), format: formatOf(options.format) };
    const to = formatOf(options.to) ?? 'qasm3';
    const { text } = await withThread((thread) => thread.perform({ kind: 'convert', source, to }));
    await write(text, options.out);
  });

/** To a file, or to standard output. */
async function write(text: string, path = '-'): Promise<void> {
  const whole = text.endsWith('\n') ? text : `${text}\n`;
  if (path === '-') return void process.stdout.write(whole);
  await writeFile(path, whole).catch((error: NodeJS.ErrnoException) =>
    fail('INPUT_INVALID', `${path} cannot be written: ${error.code ?? error.message}.`),
  );
}
