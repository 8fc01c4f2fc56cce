import { generate } from '../generate.ts';
import { cross, paint, say, tick } from '../terminal.ts';

/** Writes the derived files, or says which are stale; exit code 1 when --check finds any. */
export async function generateCommand(options: {
  readonly check?: boolean;
  readonly json?: boolean;
}): Promise<void> {
  const check = options.check === true;
  const report = await generate({ check });
  const isFailure = check && report.stale.length > 0;
  if (options.json === true) say(JSON.stringify({ ok: !isFailure, ...report }));
  else {
    for (const path of report.stale) say(`${check ? cross : tick} ${path}`);
    const done = check ? 'stale' : 'written';
    say(
      `${isFailure ? cross : tick} ${report.checked} derived files, ${report.stale.length} ${done}`,
    );
    if (isFailure) say(paint.dim('  ./q generate writes them'));
  }
  if (isFailure) process.exitCode = 1;
}
