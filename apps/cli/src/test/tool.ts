import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { verdictOf } from './check.ts';
import type { Verdict } from './check.ts';

/** The repository this file lies in; its node_modules hold the tools. */
export const repositoryRoot = fileURLToPath(new URL('../../../../', import.meta.url));

const outputLimit_characters = 4 * 1024 * 1024;

/** How a tool ended. `output` is the last 4 Mi characters of stdout and stderr, in the order they came. */
export interface Ended {
  code: number;
  output: string;
}

export interface ToolOptions {
  cwd: string;
  env?: Readonly<Record<string, string>>;
  timeout_ms?: number;
  /** Called with each line as it comes, for progress. */
  onLine?: (line: string) => void;
}

/**
 * Runs a program of an installed package under this Node.
 *
 * @param packageName the package, as `knip`.
 * @param args its arguments; `bin` picks the program where the package has several.
 * @returns how it ended; a code of 124 means that it ran past `timeout_ms` (default 5 minutes).
 */
export function runTool(
  packageName: string,
  args: readonly string[],
  options: ToolOptions & { bin?: string },
): Promise<Ended> {
  const script = binOf(packageName, options.bin ?? packageName);
  const child = spawn(process.execPath, [script, ...args], {
    cwd: options.cwd,
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    let rest = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 3000).unref();
    }, options.timeout_ms ?? 300_000);
    const take = (text: string): void => {
      output = (output + text).slice(-outputLimit_characters);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) options.onLine?.(line);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      if (late) output += `\n${packageName} was stopped: it ran past its time limit`;
      resolve({ code: late ? 124 : (code ?? 1), output });
    });
  });
}

/** One test: the tool says that all is well by its exit code. */
export async function toolVerdict(
  packageName: string,
  args: readonly string[],
  options: ToolOptions & { bin?: string },
): Promise<Verdict> {
  const { code, output } = await runTool(packageName, args, options);
  return verdictOf(code === 0 ? [] : [output.trim() || `${packageName} ended with code ${code}`]);
}

function binOf(packageName: string, bin: string): string {
  const manifestPath = join(repositoryRoot, 'node_modules', packageName, 'package.json');
  const manifest: unknown = JSON.parse(readFileSync(manifestPath, 'utf8'));
  const { bin: bins } = manifest as { bin: string | Record<string, string> }; // npm's own format
  const path = typeof bins === 'string' ? bins : bins[bin];
  if (path === undefined) throw new Error(`${packageName} has no program named ${bin}`);
  return join(dirname(manifestPath), path);
}
