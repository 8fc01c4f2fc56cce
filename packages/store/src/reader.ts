/** A reader thread: a read-only connection beside the writer. Started by thread.ts. */

import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

import { openReader } from './connection.ts';
import { toWire } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import type { Answer, Calls, Request, WorkerMessage, WorkerOptions } from './messages.ts';
import { Statements } from './statements.ts';

type ReaderRequest = Request<'read' | 'check' | 'close'>;

function serve(port: MessagePort, options: WorkerOptions): void {
  const db = openReader(options);
  const statements = new Statements(db);

  function perform(request: ReaderRequest): Calls[ReaderRequest['kind']]['answers'] {
    switch (request.kind) {
      case 'read':
        return statements.run(request.payload.sql, request.payload.params).rows;
      case 'check':
        return statements.trusted(() => checkIntegrity(db));
      case 'close':
        db.close();
        setImmediate(() => port.close());
        return null;
    }
  }

  function attempt(request: ReaderRequest): Answer {
    try {
      return { id: request.id, value: perform(request) };
    } catch (thrown) {
      return { id: request.id, error: toWire(thrown) };
    }
  }

  port.on('message', (requests: readonly ReaderRequest[]) => {
    // One answer a message: a reader that waits should not wait for the slow one behind it.
    for (const request of requests) {
      const answers = [attempt(request)];
      port.postMessage({
        type: 'answers',
        answers,
        transactions: 0,
        largest: 0,
      } satisfies WorkerMessage);
    }
  });
  port.postMessage({ type: 'open' } satisfies WorkerMessage);
}

if (parentPort !== null) {
  try {
    serve(parentPort, workerData);
  } catch (thrown) {
    parentPort.postMessage({ type: 'refused', error: toWire(thrown) } satisfies WorkerMessage);
  }
}
