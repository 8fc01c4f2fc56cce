import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** A statement as it comes, and what became of it. */
export interface RawRequest {
  readonly id: number;
  readonly sql: string;
  readonly params: Record<string, SQLInputValue>;
}
export type RawAnswer =
  | { readonly id: number; readonly changes: number | bigint }
  | { readonly id: number; readonly problem: string };

/**
 * The obvious twin of the store's writer: one connection, prepared statements by their text, one
 * transaction for all that waits. It has what whoever writes rows needs of any such worker: the
 * caller says which statement and with what, learns how many rows it changed, and a refused row is
 * told to its own caller and takes no other with it (SQLite undoes the one statement by itself). No
 * batches of several statements, no expectations, no limits, no checks of parameters.
 */
const port = parentPort;
if (port === null) throw new Error('this is started as a worker');
const db = new DatabaseSync(workerData as string);
db.exec('pragma journal_mode = wal; pragma synchronous = full;');
db.exec('CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, x TEXT) STRICT');
const statements = new Map<string, StatementSync>();
const [begin, commit] = [db.prepare('begin immediate'), db.prepare('commit')];
let waiting: RawRequest[] = [];

port.on('message', (messages: RawRequest[]) => {
  if (waiting.length === 0)
    setImmediate(() => {
      const group = waiting;
      waiting = [];
      begin.run();
      const answers = group.map(run);
      commit.run();
      port.postMessage(answers);
    });
  waiting.push(...messages);
});
port.once('close', () => db.close());

function run({ id, sql, params }: RawRequest): RawAnswer {
  try {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return { id, changes: statement.run(params).changes };
  } catch (error) {
    return { id, problem: String(error) };
  }
}
