import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { openNode } from '@anarq/node';

/** The files of a node that was founded and never used. */
interface FoundedNode {
  readonly files: ReadonlyMap<string, Buffer>;
  /** A node of these runs: until it is closed, nobody else is the same. */
  isTaken: boolean;
}

/** How far a clock may be from the machine's, and be taken for it. */
const CLOCK_MS = 1_000;
/** Nodes were founded so long ago: before the first instant of any such clock. */
const AGE_MS = 60_000;
/** Says beside the keys which store leans on them: each copy says it of its own. */
const STORE_NOTE = 'store-';

const founded: FoundedNode[] = [];
let isFirst = true;

/**
 * Puts a node that is founded already into an empty folder. A dozen identities with their keys are as
 * much work as all else of a start, and hardly a test is about them.
 * @param now_ms what the clock of the node says; by another than the machine's it founds itself
 * @returns to be called when the node is closed; undefined where nothing was put there
 */
export async function putFounded(
  folder: string,
  now_ms: number,
): Promise<(() => void) | undefined> {
  if (Math.abs(now_ms - Date.now()) > CLOCK_MS) return undefined;
  // Where one node is all that is started, two would be founded for it.
  const isOnly = isFirst;
  isFirst = false;
  if (isOnly) return undefined;
  const free = founded.find(({ isTaken }) => !isTaken);
  const node = free ?? { files: await foundOne(), isTaken: false };
  node.isTaken = true;
  if (free === undefined) founded.push(node);
  for (const [path, bytes] of node.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    await writeFile(join(folder, path), bytes, { mode: 0o600 });
  }
  return () => {
    node.isTaken = false;
  };
}

async function foundOne(): Promise<ReadonlyMap<string, Buffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'q-founded-'));
  try {
    const node = await openNode({
      dataFolder: join(folder, 'data'),
      keysFolder: join(folder, 'keys'),
      modules: [],
      version: '0.0.0-test',
      now_ms: () => Date.now() - AGE_MS,
    });
    await node.close();
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith(STORE_NOTE))
      .map((entry) => join(entry.parentPath, entry.name));
    const files = new Map<string, Buffer>();
    for (const path of paths) files.set(relative(folder, path), await readFile(path));
    return files;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
