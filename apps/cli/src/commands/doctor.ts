import { access, chmod, constants, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { generateKeyPairSync } from 'node:crypto';
import { keysFolderOf, storePlaceOf, type NodeAddress, type StorePlace } from '@anarq/node';
import { StoreError } from '@anarq/store';
import { findNode } from '../connection.ts';
import { dataFindings, isAlive } from '../doctor/dataFindings.ts';
import { diskFinding, nearestExisting } from '../doctor/diskFinding.ts';
import type { Finding } from '../doctor/finding.ts';
import { keyFindings } from '../doctor/keyFindings.ts';
import { quantumFinding } from '../doctor/quantumFinding.ts';
import { columns, cross, paint, say, tick } from '../terminal.ts';

/** Looks at this machine and at the node on it. Exit code 1 when something fails. */
export async function doctor(options: {
  readonly data: string;
  readonly fix?: boolean;
  readonly json?: boolean;
}): Promise<void> {
  let findings = await look(options.data);
  if (options.fix === true) {
    const failed = await mend(findings);
    findings = [...(await look(options.data)), ...failed];
  }
  const isOk = findings.every(({ state }) => state !== 'fail');
  if (options.json === true) say(JSON.stringify({ ok: isOk, findings }));
  else tell(findings);
  if (!isOk) process.exitCode = 1;
}

/** Does what is safe, and says what of it did not work. */
async function mend(findings: readonly Finding[]): Promise<Finding[]> {
  const failed: Finding[] = [];
  for (const { check, repair, fix } of findings)
    await repair?.().catch((error: unknown) => {
      const found = `could not be mended: ${error instanceof Error ? error.message : String(error)}`;
      failed.push({ check, state: 'fail', found, ...(fix === undefined ? {} : { fix }) });
    });
  return failed;
}

async function look(dataFolder: string): Promise<Finding[]> {
  const address = await findNode(dataFolder).catch(() => undefined);
  const keysFolder = address?.keysFolder ?? (await keysFolderOf(dataFolder));
  const place = await storePlaceOf(dataFolder, undefined);
  const isFounded =
    place.kind === 'postgres' || (await stat(place.shown).catch(() => undefined)) !== undefined;
  return [
    checkNode(),
    checkSqlite(),
    checkPostQuantum(),
    await quantumFinding(),
    await checkFolder(dataFolder),
    await diskFinding(dataFolder),
    ...(place.url === undefined ? [] : [await checkServer(place, address !== undefined)]),
    await checkKeyFile(`${keysFolder}/root.key`, isFounded),
    await checkKeyFile(`${keysFolder}/operator.key`, isFounded),
    address === undefined ? await checkPort(8080) : await checkRunning(address),
    ...(await keyFindings({
      dataFolder,
      keysFolder,
      isRunning: address !== undefined && isAlive(address),
    })),
    ...(await dataFindings(dataFolder, Date.now(), address)),
  ];
}

function tell(findings: readonly Finding[]): void {
  const mark = { ok: tick, warn: paint.yellow('!'), fail: cross };
  for (const line of columns(findings.map((f) => [mark[f.state], f.check, f.found]))) say(line);
  for (const { check, fix } of findings)
    if (fix !== undefined) say(`\n${paint.bold(check)}: ${fix}`);
  say(
    paint.dim(
      '\nThe root key lies in a 0600 file. That keeps other users of this machine out; it does not\n' +
        'protect against whoever is root here, or takes the disk. Encrypt the disk, and keep a copy\n' +
        'of the key folder: without it the data cannot be read.',
    ),
  );
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  return major >= 26
    ? { check: 'Node.js', state: 'ok', found: process.versions.node }
    : {
        check: 'Node.js',
        state: 'fail',
        found: process.versions.node,
        fix: 'start with ./q, which brings Node 26 with it',
      };
}

function checkSqlite(): Finding {
  const db = new DatabaseSync(':memory:');
  try {
    db.exec('CREATE VIRTUAL TABLE t USING fts5(x)');
    const row = db.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    return { check: 'SQLite', state: 'ok', found: `${row.version} with full text search` };
  } catch (error) {
    return {
      check: 'SQLite',
      state: 'fail',
      found: (error as Error).message,
      fix: 'use the Node that ./q installs: its SQLite has FTS5',
    };
  } finally {
    db.close();
  }
}

function checkPostQuantum(): Finding {
  try {
    generateKeyPairSync('ml-dsa-65');
    generateKeyPairSync('ml-kem-768');
    return {
      check: 'Post-quantum keys',
      state: 'ok',
      found: `ML-DSA and ML-KEM of OpenSSL ${process.versions.openssl}`,
    };
  } catch {
    return {
      check: 'Post-quantum keys',
      state: 'fail',
      found: `OpenSSL ${process.versions.openssl} has none`,
      fix: 'use a Node built with OpenSSL 3.5 or later; the one that ./q installs is',
    };
  }
}

async function checkFolder(folder: string): Promise<Finding> {
  const existing = await nearestExisting(folder);
  try {
    await access(existing, constants.W_OK);
    return { check: 'Data folder', state: 'ok', found: folder };
  } catch {
    return {
      check: 'Data folder',
      state: 'fail',
      found: `${existing} cannot be written`,
      fix: `choose another with --data, or: chown "$USER" ${existing}`,
    };
  }
}

/** A node that runs has the schema: LOCKED then says that the server answers. */
async function checkServer({ url = '', shown }: StorePlace, isRunning: boolean): Promise<Finding> {
  const check = 'Store';
  try {
    const { openPostgresStore } = await import('@anarq/store/postgres');
    const store = await openPostgresStore({ url, readers: 1, lock_wait_ms: 0 });
    const { ok, problems } = await store.check();
    await store.close();
    return ok
      ? { check, state: 'ok', found: `${shown}; every row could be read` }
      : {
          check,
          state: 'fail',
          found: problems.join('; '),
          fix: 'stop the node, and restore the database from a backup that is whole',
        };
  } catch (error) {
    const isOwned = error instanceof StoreError && error.code === 'LOCKED';
    if (isOwned && isRunning) return { check, state: 'ok', found: `${shown}; the node has it` };
    return {
      check,
      state: 'fail',
      found: `${shown}: ${(error as Error).message}`,
      fix: isOwned
        ? 'another process has this schema: stop it, or give this node another database'
        : 'start the server, or name it again: ./q up --store postgres://user@host/database',
    };
  }
}

async function checkKeyFile(file: string, isNeeded: boolean): Promise<Finding> {
  const check = file.endsWith('root.key') ? 'Root key' : 'Operator key';
  const info = await stat(file).catch(() => undefined);
  const home = `${homedir()}/`;
  const shown = file.startsWith(home) ? `~/${file.slice(home.length)}` : file;
  if (info === undefined)
    return isNeeded
      ? {
          check,
          state: 'fail',
          found: `${shown} is missing`,
          fix:
            check === 'Root key'
              ? 'without it nothing that is sealed opens: people’s names, contents, keys in custody, the log’s records. Restore it from your copy of the key folder, or from a backup made --with-keys, or name its folder: ./q up --keys FOLDER'
              : 'restore it from your copy, or name its folder: ./q up --keys FOLDER',
        }
      : { check, state: 'ok', found: 'made on the first start' };
  const mode = (info.mode & 0o777).toString(8);
  return mode === '600'
    ? { check, state: 'ok', found: `${shown}, mode 600` }
    : {
        check,
        state: 'fail',
        found: `${shown} has mode ${mode}`,
        fix: `if only you ever read it: chmod 600 ${shown}, or ./q doctor --fix`,
        repair: () => chmod(file, 0o600),
      };
}

async function checkPort(port: number): Promise<Finding> {
  const isFree = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return isFree
    ? { check: 'Node', state: 'ok', found: `none runs here; port ${port} is free` }
    : {
        check: 'Node',
        state: 'warn',
        found: `none runs here; port ${port} is taken`,
        fix: './q up --port 0 takes any free port',
      };
}

async function checkRunning(address: NodeAddress): Promise<Finding> {
  try {
    const response = await fetch(`${address.url}/health`, { signal: AbortSignal.timeout(3_000) });
    const health = (await response.json()) as {
      status: string;
      dependencies: Record<string, { status: string }>;
    };
    const down = Object.entries(health.dependencies).filter(([, d]) => d.status !== 'up');
    if (down.length === 0)
      return { check: 'Node', state: 'ok', found: `${health.status} at ${address.url}` };
    return {
      check: 'Node',
      state: 'fail',
      found: `${down.map(([name]) => name).join(', ')} down`,
      fix: 'stop it with Ctrl-C and start it again; its first lines say what is wrong',
    };
  } catch {
    return {
      check: 'Node',
      state: 'fail',
      found: `process ${address.pid} does not answer at ${address.url}`,
      fix: 'it was killed or hangs: start it again with ./q up, which takes up where it was',
    };
  }
}
