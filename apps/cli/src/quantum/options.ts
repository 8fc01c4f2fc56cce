import { readFile, stat } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';
import type { Asked, Format, MethodName, Precision, Source } from '@anarq/quantum/local';

/** What the command line says of a circuit and of what is asked of it. */
export interface AskingOptions {
  readonly format?: 'qasm2' | 'qasm3' | 'stim' | 'json';
  readonly shots?: number;
  readonly method?: MethodName;
  readonly noise?: string;
  readonly observable?: readonly string[];
  readonly param?: Readonly<Record<string, number>>;
  readonly threads?: number;
  readonly precision?: Precision;
  readonly strict?: boolean;
}

const NOISE_BYTES_MAX = 16_384;

export const formatOf = (name: AskingOptions['format']): Format | undefined =>
  name === 'json' ? 'circuit' : name;

/** The circuit of a command with what the command line adds to it. */
export async function sourceOf(text: string, options: AskingOptions): Promise<Source> {
  const format = formatOf(options.format);
  return {
    text,
    ...(format === undefined ? {} : { format }),
    ...(options.param === undefined ? {} : { parameters: options.param }),
    ...(options.noise === undefined ? {} : await noiseOf(options.noise)),
  };
}

export const askedOf = (options: AskingOptions): Asked => ({
  ...(options.shots === undefined ? {} : { shots: options.shots }),
  ...(options.observable === undefined ? {} : { observables: options.observable }),
  ...(options.method === undefined ? {} : { method: options.method }),
  ...(options.precision === undefined ? {} : { precision: options.precision }),
  ...(options.threads === undefined ? {} : { threads: options.threads }),
  ...(options.strict === undefined ? {} : { strict: options.strict }),
});

/** A probability, or the noise model that a file has as JSON. */
async function noiseOf(word: string): Promise<Pick<Source, 'noise' | 'noiseModel'>> {
  const noise = Number(word);
  if (word.trim() !== '' && !Number.isNaN(noise)) {
    if (noise >= 0 && noise <= 1) return { noise };
    return fail('INPUT_INVALID', `--noise is a probability from 0 to 1, or a file: ${word}.`);
  }
  const info = await stat(word).catch(() => undefined);
  if (info?.isFile() !== true)
    return fail(
      'INPUT_INVALID',
      `--noise is a probability from 0 to 1, or a file: there is no file ${word}.`,
    );
  if (info.size > NOISE_BYTES_MAX)
    return fail('INPUT_INVALID', `${word} is longer than ${NOISE_BYTES_MAX} bytes.`);
  try {
    const noiseModel = JSON.parse(await readFile(word, 'utf8'));
    return { noiseModel };
  } catch (error) {
    return fail('INPUT_INVALID', `${word} is not JSON: ${(error as Error).message}.`);
  }
}
