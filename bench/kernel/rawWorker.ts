import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * The obvious twin of the store's writer: one connection, one statement, one transaction for all
 * that waits. No savepoints, no expectations, no limits, no other statements.
 */
const port = parentPort;
if (port === null) throw new Error('this is started as a worker');
const db = new DatabaseSync(workerData as string);
db.exec('pragma journal_mode = wal; pragma synchronous = full;');
db.exec('CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, x TEXT) STRICT');
const insert = db.prepare('INSERT INTO t (x) VALUES (:x)');
const [begin, commit] = [db.prepare('begin immediate'), db.prepare('commit')];
let waiting: { id: number; x: string }[] = [];

port.on('message', (messages: { id: number; x: string }[]) => {
  if (waiting.length === 0)
    setImmediate(() => {
      const group = waiting;
      waiting = [];
      begin.run();
      const answers = group.map(({ id, x }) => ({ id, changes: insert.run({ x }).changes }));
      commit.run();
      port.postMessage(answers);
    });
  waiting.push(...messages);
});
port.once('close', () => db.close());
