import { join } from 'node:path';
import { writeModule } from '../newModule/writeModule.ts';
import { writeOutside } from '../newModule/writeOutside.ts';
import { paint, say, tick } from '../terminal.ts';

const ROOT = join(import.meta.dirname, '../../../..');

/** Makes a module: in this repository with its place in the node, or in a folder of its own. */
export async function newModule(
  name: string,
  options: { readonly at?: string; readonly packages?: string; readonly json?: boolean },
): Promise<void> {
  const files =
    options.at === undefined
      ? await writeModule(ROOT, name)
      : await writeOutside({ root: ROOT, name, at: options.at, packages: options.packages });
  if (options.json === true) return say(JSON.stringify({ ok: true, name, files }));
  for (const file of files) say(`${tick} ${file}`);
  if (options.at !== undefined) {
    say(`\n  Next   cd ${options.at} && npm install`);
    say(`         npm test                        ${paint.dim('its own test, against a node')}`);
    say(`         ./q up --module ${options.at}   ${paint.dim('here: a node with it')}`);
    return;
  }
  say(`\n  Next   npm install --ignore-scripts    ${paint.dim('puts it into package-lock.json')}`);
  say(
    `         ./q generate                    ${paint.dim('writes its OpenAPI, AsyncAPI and tools')}`,
  );
  say(`         ./q test ${name}`);
}
