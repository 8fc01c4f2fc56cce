import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Line {
  readonly decoder: string;
  readonly runs: number;
  readonly corpus: number;
  readonly functions: number;
  readonly found: readonly { readonly problem: string; readonly file: string }[];
}

/** Fuzzes in a process of its own, where coverage counts nothing but the decoders. */
export async function fuzzing(runs: number, seed: number): Promise<Line[]> {
  const script = fileURLToPath(new URL('./run.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, String(runs), String(seed)],
    { maxBuffer: 2 ** 26 },
  );
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}
