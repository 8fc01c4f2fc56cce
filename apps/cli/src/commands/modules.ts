import { fail } from '@anarq/common-schemas';
import { catalogue } from '@anarq/derive';
import { loadContracts } from '@anarq/node/modules';
import { columns, paint, say } from '../terminal.ts';

/** Prints what each module is for, and its operations. What is listed works. */
export async function modules(
  name: string | undefined,
  options: { readonly json?: boolean },
): Promise<void> {
  const all = catalogue(await loadContracts());
  const chosen = name === undefined ? all : all.filter(({ module }) => module === name);
  if (chosen.length === 0)
    fail(
      'OPERATION_UNKNOWN',
      `There is no module ${name}; there are ${all.map((m) => m.module).join(', ')}.`,
    );
  if (options.json === true) return say(JSON.stringify({ modules: chosen }));
  for (const { title, module, version, purpose, operations } of chosen) {
    say(`${paint.bold(title)}  ${paint.dim(`${module} ${version}`)}  ${purpose}`);
    const rows = operations.map((op) => [
      `  ${paint.cyan(op.id)}`,
      op.kind,
      op.signature === 'full' ? paint.yellow('signed') : '',
      paint.dim(op.summary),
    ]);
    for (const line of columns(rows)) say(line);
    say();
  }
}
