/** The writer thread: owns the lock and the one writing connection. Started by thread.ts. */

import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

import { acquireLock, openWriter } from './connection.ts';
import { toWire } from './errors.ts';
import { GroupWriter } from './group.ts';
import type { Answer, Request, WorkerMessage, WorkerOptions } from './messages.ts';
import { migrate } from './migrate.ts';
import { Statements } from './statements.ts';
import { RequestReader, writeAnswer } from './wire.ts';

type WriterRequest = Request<'commit' | 'migrate' | 'close'>;

function serve(port: MessagePort, options: WorkerOptions): void {
  const { lock, db } = open(options);
  const statements = new Statements(db);
  const group = new GroupWriter(db, statements);
  const queue: WriterRequest[] = [];
  let scheduled = false;

  function answer(answers: readonly Answer[]): void {
    const { transactions, largest } = group;
    const words: unknown[] = [];
    for (const each of answers) writeAnswer(words, each);
    const message: WorkerMessage = { type: 'answers', words, transactions, largest };
    port.postMessage(message);
  }

  function schedule(): void {
    if (scheduled || queue.length === 0) return;
    scheduled = true;
    // After the messages that are already there: they join the group.
    setImmediate(() => {
      scheduled = false;
      answer(takeTurn());
      schedule();
    });
  }

  /** One group of commits, or the one other request at the head of the queue. */
  function takeTurn(): readonly Answer[] {
    const head = queue[0];
    if (head !== undefined && head.kind !== 'commit') {
      queue.shift();
      return [attempt(head)];
    }
    const commits: Request<'commit'>[] = [];
    for (const request of queue) {
      if (request.kind !== 'commit' || commits.length === options.group_max) break;
      commits.push(request);
    }
    queue.splice(0, commits.length);
    const outcomes = group.commit(commits.map((request) => request.payload));
    return commits.map(({ id }, at): Answer => {
      const outcome = outcomes[at];
      if (outcome === undefined) throw new Error('a group answers for each of its batches');
      return 'results' in outcome ? { id, results: outcome.results } : { id, error: outcome.error };
    });
  }

  function attempt(request: Request<'migrate' | 'close'>): Answer {
    try {
      if (request.kind === 'migrate') {
        group.assertSound();
        migrate(db, statements, request.payload.module, request.payload.migrations);
      } else {
        close();
      }
      return { id: request.id, value: null };
    } catch (thrown) {
      return { id: request.id, error: toWire(group.judge(thrown)) };
    }
  }

  function close(): void {
    // The thread ends after its answer, whatever happens here; with it go the files and the lock.
    setImmediate(() => port.close());
    try {
      statements.trusted(() => db.exec('pragma wal_checkpoint(truncate)'));
    } finally {
      db.close();
      lock.close();
    }
  }

  const received = new RequestReader();
  port.on('message', (words: readonly unknown[]) => {
    for (const request of received.read(words)) queue.push(request as WriterRequest);
    schedule();
  });
  port.postMessage({ type: 'open' } satisfies WorkerMessage);
}

function open(options: WorkerOptions): { lock: DatabaseSync; db: DatabaseSync } {
  const lock = acquireLock(options.file);
  try {
    return { lock, db: openWriter(options) };
  } catch (thrown) {
    lock.close();
    throw thrown;
  }
}

if (parentPort !== null) {
  try {
    serve(parentPort, workerData);
  } catch (thrown) {
    parentPort.postMessage({ type: 'refused', error: toWire(thrown) } satisfies WorkerMessage);
  }
}
