import { join } from 'node:path';
import { packAll } from '../pack/packAll.ts';
import { dot, paint, say, tick } from '../terminal.ts';

const ROOT = join(import.meta.dirname, '../../../..');

/** Packs what others build on: JavaScript and types, a tarball a package. */
export async function pack(options: {
  readonly to: string;
  readonly json?: boolean;
}): Promise<void> {
  const packed = await packAll(ROOT, options.to);
  if (options.json === true) return say(JSON.stringify({ ok: true, packages: packed }));
  say(`${tick} ${paint.bold(`${packed.length} packages`)}  ${dot}  ${options.to}`);
  say(`\n  Next   ./q new module NAME --at FOLDER --packages ${options.to}`);
}
