import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { loadModules, LOGS_FOLDER } from '@anarq/node';
import type { Row } from '@anarq/store';
import { ADDRESS_FILE, type NodeAddress } from '@anarq/node/address';
import { lastBackup } from '../backup/lastBackup.ts';
import { STORE_FILE } from '../backup/manifest.ts';
import type { Finding } from './finding.ts';

const DAY_MS = 86_400_000;
const BACKUP_AGE_MAX_DAYS = 7;
const STEP_TOLD_DAYS = 7;
/** What the node wrote may be this much younger than the clock. */
const AHEAD_MAX_MS = 60_000;
const RECORDS_WAIT_MAX = 10_000;

/** What the data folder of a node says about it, whether the node runs or not; none before its first start. */
export async function dataFindings(
  dataFolder: string,
  now_ms: number,
  address: NodeAddress | undefined,
): Promise<Finding[]> {
  const file = join(dataFolder, STORE_FILE);
  if ((await stat(file).catch(() => undefined)) === undefined) return [];
  const findings = [
    await folderFinding(dataFolder),
    await backupFinding(dataFolder, now_ms),
    ...(address === undefined ? [] : staleFinding(dataFolder, address)),
    ...(await restoringFinding(dataFolder)),
  ];
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      findings.push(
        fenceFinding(db),
        attentionFinding(db),
        logFinding(db),
        clockFinding(db, now_ms),
        ...stepFinding(db, now_ms),
        await migrationsFinding(db),
        ...(await logFindings(db, dataFolder, address)),
      );
    } finally {
      db.close();
    }
  } catch (error) {
    findings.push({
      check: 'Data',
      state: 'fail',
      found: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      fix: 'restore a backup into another folder: ./q restore BACKUP --data FOLDER',
    });
  }
  return findings;
}

async function folderFinding(dataFolder: string): Promise<Finding> {
  const { mode } = await stat(dataFolder);
  const text = (mode & 0o777).toString(8);
  if ((mode & 0o077) === 0) return { check: 'Folder mode', state: 'ok', found: `mode ${text}` };
  return {
    check: 'Folder mode',
    state: 'warn',
    found: `others of this machine can look into ${dataFolder} (mode ${text})`,
    fix: `chmod 700 ${dataFolder}, or ./q doctor --fix`,
    repair: () => chmod(dataFolder, 0o700),
  };
}

async function backupFinding(dataFolder: string, now_ms: number): Promise<Finding> {
  const last = await lastBackup(dataFolder);
  const fix = './q backup FOLDER, best on another disk; and copy the key folder once';
  if (last === undefined)
    return { check: 'Backup', state: 'warn', found: 'none was made of this data', fix };
  const days = Math.floor((now_ms - Date.parse(last.at)) / DAY_MS);
  const found = `${last.at.slice(0, 16)}Z in ${last.folder}`;
  return days <= BACKUP_AGE_MAX_DAYS
    ? { check: 'Backup', state: 'ok', found }
    : { check: 'Backup', state: 'warn', found: `${days} days old: ${found}`, fix };
}

/** A node that was killed leaves its address behind. */
function staleFinding(dataFolder: string, address: NodeAddress): Finding[] {
  if (isAlive(address)) return [];
  const file = join(dataFolder, ADDRESS_FILE);
  return [
    {
      check: 'Address',
      state: 'warn',
      found: `${file} names process ${address.pid} at ${address.url}, which is gone`,
      fix: './q up writes a new one; ./q doctor --fix removes it',
      repair: () => rm(file, { force: true }),
    },
  ];
}

/** Whether the process that a data folder names is there. */
export function isAlive({ pid }: NodeAddress): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user, but there.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** The logs that modules keep beside the store; a node that runs has read them when it started. */
async function logFindings(
  db: DatabaseSync,
  dataFolder: string,
  address: NodeAddress | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (address !== undefined && isAlive(address)) return findings;
  for (const { contract, ownLog } of await loadModules()) {
    const folder = join(dataFolder, LOGS_FOLDER, contract.name);
    if (ownLog === undefined || (await stat(folder).catch(() => undefined)) === undefined) continue;
    const { found, problem } = await ownLog.check({
      folder,
      read: (sql) => Promise.resolve(db.prepare(sql).all() as Row[]),
    });
    const check = `${contract.title} log`;
    findings.push(
      problem === undefined
        ? { check, state: 'ok', found }
        : {
            check,
            state: 'fail',
            found: `${folder}: ${problem}`,
            fix: 'restore a backup into another folder: ./q restore BACKUP --data FOLDER',
          },
    );
  }
  return findings;
}

/** A restore builds its copy beside the folder, and gives it the name when it is whole. */
async function restoringFinding(dataFolder: string): Promise<Finding[]> {
  const { dir, base } = parse(resolve(dataFolder));
  const names = await readdir(dir).catch((): string[] => []);
  const left = names.filter((name) => name.startsWith(`${base}.restoring-`));
  if (left.length === 0) return [];
  return [
    {
      check: 'Left copies',
      state: 'warn',
      found: `an interrupted restore left ${left.join(', ')} in ${dir}`,
      fix: 'where no restore runs now: ./q doctor --fix removes them',
      repair: async () => {
        for (const name of left) await rm(join(dir, name), { recursive: true, force: true });
      },
    },
  ];
}

function fenceFinding(db: DatabaseSync): Finding {
  const row = db.prepare(`SELECT value FROM kernel_meta WHERE key = 'fence'`).get();
  if (row === undefined) return { check: 'Fence', state: 'ok', found: 'no restored copy' };
  return {
    check: 'Fence',
    state: 'warn',
    found: `a copy, restored at ${String(row['value'])}: it changes nothing`,
    fix: 'when the old node is gone for good: ./q unfence --data FOLDER --i-know-the-old-one-is-gone',
  };
}

function attentionFinding(db: DatabaseSync): Finding {
  const count = numberOf(
    db,
    `SELECT COUNT(*) AS n FROM kernel_process WHERE state = 'NEEDS_ATTENTION'`,
  );
  if (count === 0) return { check: 'Processes', state: 'ok', found: 'none needs you' };
  return {
    check: 'Processes',
    state: 'warn',
    found: `${count} cannot go on by ${count === 1 ? 'itself' : 'themselves'}`,
    fix: './q processes --attention, then retry or abandon each',
  };
}

function logFinding(db: DatabaseSync): Finding {
  const signed = numberOf(db, 'SELECT size AS n FROM log_checkpoint');
  const placed = numberOf(db, 'SELECT COUNT(*) AS n FROM log_leaf');
  const waiting = numberOf(
    db,
    'SELECT COUNT(*) AS n FROM log_record WHERE seq > (SELECT last_seq FROM log_checkpoint)',
  );
  if (signed !== placed)
    return {
      check: 'Log',
      state: 'fail',
      found: `${signed} records are signed, ${placed} are stored`,
      fix: 'do not start it; restore the newest backup: ./q restore BACKUP --data FOLDER',
    };
  if (waiting <= RECORDS_WAIT_MAX)
    return { check: 'Log', state: 'ok', found: `${signed} records, all that are signed are there` };
  return {
    check: 'Log',
    state: 'warn',
    found: `${waiting} records wait to be signed`,
    fix: 'start the node, or look at its log: ./q up --log stderr',
  };
}

/** The newest record was written at a time that has not come yet: the clock was set back. */
function clockFinding(db: DatabaseSync, now_ms: number): Finding {
  const row = db.prepare('SELECT at_ms FROM log_record ORDER BY seq DESC LIMIT 1').get();
  const ahead_ms = row === undefined ? 0 : Number(row['at_ms']) - now_ms;
  if (ahead_ms <= AHEAD_MAX_MS)
    return { check: 'Clock', state: 'ok', found: new Date(now_ms).toISOString() };
  return {
    check: 'Clock',
    state: 'fail',
    found: `the last record is ${Math.round(ahead_ms / 60_000)} minutes in the future`,
    fix: 'set the clock (timedatectl set-ntp true): sessions, grants and signed calls depend on it',
  };
}

/** The node saw the clock jump, and says when and how far. */
function stepFinding(db: DatabaseSync, now_ms: number): Finding[] {
  const row = db.prepare(`SELECT value FROM kernel_meta WHERE key = 'clock_step'`).get();
  if (row === undefined) return [];
  const { by_ms, at_ms } = JSON.parse(String(row['value'])) as { by_ms: number; at_ms: number };
  if (now_ms - at_ms > STEP_TOLD_DAYS * DAY_MS) return [];
  const far = `${Math.round(Math.abs(by_ms) / 1_000)} s ${by_ms > 0 ? 'forward' : 'back'}`;
  return [
    {
      check: 'Clock steps',
      state: 'warn',
      found: `the clock jumped ${far} at ${new Date(at_ms).toISOString().slice(0, 19)}Z`,
      fix: 'a machine that slept does that; otherwise have it set by the network: timedatectl set-ntp true',
    },
  ];
}

async function migrationsFinding(db: DatabaseSync): Promise<Finding> {
  const applied = new Set(
    db
      .prepare('SELECT module, id FROM _store_migrations')
      .all()
      .map((row) => `${String(row['module'])} ${String(row['id'])}`),
  );
  const pending = (await loadModules()).flatMap(({ contract, migrations }) =>
    migrations.map(({ id }) => `${contract.name} ${id}`).filter((one) => !applied.has(one)),
  );
  if (pending.length === 0) return { check: 'Tables', state: 'ok', found: 'up to date' };
  return {
    check: 'Tables',
    state: 'warn',
    found: `the next start changes them: ${pending.join(', ')}`,
    fix: 'make a backup first: ./q backup FOLDER',
  };
}

const numberOf = (db: DatabaseSync, sql: string): number =>
  Number(db.prepare(sql).get()?.['n'] ?? 0);
