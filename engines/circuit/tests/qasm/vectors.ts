import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root =
  process.env['Q_VECTORS'] ??
  fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url));
const quantum = `${root}/quantum`;

/** Whether the conformance vectors of circuits are on this machine. */
export const haveVectors: boolean = existsSync(quantum);
if (!haveVectors)
  console.warn(`conformance vectors not found in ${quantum}: their tests are skipped`);

/** Paths below a folder of these vectors that end like this; none where there are no vectors. */
export function vectorPaths(folder: string, end: string): readonly string[] {
  if (!haveVectors) return [];
  return readdirSync(`${quantum}/${folder}`)
    .toSorted()
    .flatMap((name) => {
      const path = `${folder}/${name}`;
      if (statSync(`${quantum}/${path}`).isDirectory()) return vectorPaths(path, end);
      return name.endsWith(end) ? [path] : [];
    });
}

/** A file of these vectors, as text. */
export const vectorText = (path: string): string => readFileSync(`${quantum}/${path}`, 'utf8');

/** The block scalars of a YAML file that is made of nothing else, by their keys. */
export function blocks(yaml: string): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  let key = '';
  for (const line of yaml.split('\n')) {
    const opening = /^(\w+): \|$/.exec(line);
    if (opening !== null) {
      key = opening[1]!;
      result.set(key, '');
    } else if (line.startsWith('  ') || (line === '' && key !== ''))
      result.set(key, `${result.get(key) ?? ''}${line.slice(2)}\n`);
  }
  return result;
}
