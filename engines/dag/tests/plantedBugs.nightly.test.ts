import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PLANTED_BUGS, type PlantedBug } from './plantedBugs.ts';

const engine = join(import.meta.dirname, '..');
const SEEDS = { runs: 30, views: 1_000 };

/** A program that runs one seed after another, until one says something. */
const program = ({ by }: PlantedBug): string => `
import { simulateDag, viewsDisagree } from './src/testing/index.ts';
const said = (seed) => {
  if (${JSON.stringify(by)} === 'views') return [viewsDisagree(seed)];
  const { violations, stalled } = simulateDag({ ...${JSON.stringify(by)}, seed });
  return [...violations, stalled];
};
for (let seed = 1; seed <= ${by === 'views' ? SEEDS.views : SEEDS.runs}; seed += 1) {
  const found = said(seed).filter((sentence) => sentence !== undefined);
  if (found.length === 0) continue;
  console.log(found.join('\\n'));
  break;
}
`;

/** What the simulation says of an engine with one mistake more. */
function saidOf(bug: PlantedBug): string {
  const folder = mkdtempSync(join(tmpdir(), 'planted-'));
  try {
    cpSync(join(engine, 'src'), join(folder, 'src'), { recursive: true });
    cpSync(join(engine, 'package.json'), join(folder, 'package.json'));
    const file = join(folder, 'src', bug.file);
    const source = readFileSync(file, 'utf8');
    expect(source.split(bug.from)).toHaveLength(2);
    writeFileSync(file, source.replace(bug.from, bug.to));
    writeFileSync(join(folder, 'run.ts'), program(bug));
    const run = spawnSync(process.execPath, [join(folder, 'run.ts')], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    return run.stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  'the simulation finds that %s',
  (_, bug) => {
    expect(saidOf(bug)).toMatch(bug.says);
  },
  300_000,
);
