import { join } from 'node:path';
import { writeModule } from '../newModule/writeModule.ts';
import { paint, say, tick } from '../terminal.ts';

const ROOT = join(import.meta.dirname, '../../../..');

/** Makes a module inside this repository: folder, contract, table, handlers, test, and its place in the node. */
export async function newModule(name: string, options: { readonly json?: boolean }): Promise<void> {
  const files = await writeModule(ROOT, name);
  if (options.json === true) return say(JSON.stringify({ ok: true, name, files }));
  for (const file of files) say(`${tick} ${file}`);
  say(`\n  Next   npm install --ignore-scripts    ${paint.dim('puts it into package-lock.json')}`);
  say(
    `         ./q generate                    ${paint.dim('writes its OpenAPI, AsyncAPI and tools')}`,
  );
  say(`         ./q test ${name}`);
}
