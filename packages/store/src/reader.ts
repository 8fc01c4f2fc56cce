/** A reader thread: a read-only connection beside the writer. Started by thread.ts. */

import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

import { openReader } from './connection.ts';
import { toWire } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import type { Answer, Request, WorkerMessage, WorkerOptions } from './messages.ts';
import { Statements } from './statements.ts';
import type { CheckResult, Row } from './types.ts';
import { RequestReader, writeAnswer } from './wire.ts';

type ReaderRequest = Request<'read' | 'check' | 'close'>;

/** Answers that are this close to each other travel in one message. */
const TOGETHER_MS = 0.5;

function serve(port: MessagePort, options: WorkerOptions): void {
  const db = openReader(options);
  const statements = new Statements(db);

  function perform(request: ReaderRequest): readonly Row[] | CheckResult | null {
    switch (request.kind) {
      case 'read':
        return statements.run(request.payload).rows;
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

  function post(words: readonly unknown[]): void {
    port.postMessage({
      type: 'answers',
      words,
      transactions: 0,
      largest: 0,
    } satisfies WorkerMessage);
  }

  const received = new RequestReader();
  port.on('message', (message: readonly unknown[]) => {
    let words: unknown[] = [];
    let begun_ms = performance.now();
    for (const request of received.read(message) as ReaderRequest[]) {
      writeAnswer(words, attempt(request));
      const now_ms = performance.now();
      // Answers that come within half a millisecond go together; after a slower one, at once.
      if (now_ms - begun_ms < TOGETHER_MS) continue;
      post(words);
      words = [];
      begun_ms = now_ms;
    }
    if (words.length > 0) post(words);
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
