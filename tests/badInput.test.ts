import { errorTable, HEADERS, type ErrorCode } from '@anarq/common-schemas';
import { qwallet } from '@anarq/qwallet/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { badCalls } from './badCalls.ts';
import { badContent } from './badContent.ts';
import {
  breakOff,
  complete,
  foundBadInputWorld,
  part,
  pay,
  put,
  underSession,
  type BadInputWorld,
  type MakeRequest,
} from './badInputWorld.ts';
import { badProofs } from './badProofs.ts';
import { changesBetween, stateOf } from './nodeState.ts';
import { exchange, failureIn } from './rawRequest.ts';
import { clientOf, CONTENT } from './servedNode.ts';

/**
 * Every kind of bad input, sent as bytes: each is refused with its own code, says what to do, and
 * leaves nothing behind but the record that it was refused.
 */

let world: BadInputWorld;
beforeAll(async () => {
  world = await foundBadInputWorld();
});
afterAll(async () => {
  await world.here.close();
  await world.there.close();
});

/** Sends a request; what it was answered with, and what it changed. */
async function attempt(make: MakeRequest) {
  const { node, port } = world.here;
  const request = await make(world);
  const before = await stateOf(node);
  const answer = await exchange(port, request);
  const key = request.headers[HEADERS.idempotencyKey];
  const after = await stateOf(node);
  return {
    answer,
    changes: changesBetween(before, after, typeof key === 'string' ? key : undefined),
  };
}

/** The same in the words of the error table. */
async function refusal(make: MakeRequest) {
  const { answer, changes } = await attempt(make);
  const { status, code, message, retryable, suggestedActions, requestId } = failureIn(answer);
  return {
    status: answer.status,
    envelope: { status, code, retryable, suggestedActions },
    saysWhy: message.length > 3,
    isTraceable: answer.headers[HEADERS.requestId] === requestId,
    changes,
    troubles: world.here.node.errors,
  };
}

const refused = (code: ErrorCode, status: number = errorTable[code].http) => ({
  status,
  envelope: {
    status: 'error',
    code,
    retryable: errorTable[code].retryable,
    suggestedActions: errorTable[code].actions,
  },
  saysWhy: true,
  isTraceable: true,
  changes: [],
  troubles: [],
});

describe('the same requests, unspoiled', () => {
  it('are answered, so that it is the spoiling which is refused', async () => {
    const session: MakeRequest = (w) => underSession(w, w.session);
    const download: MakeRequest = (w) => ({ method: 'GET', path: w.file.ticket.url, headers: {} });
    const made: MakeRequest[] = [put, (w) => pay(w, '0.000001'), (w) => pay(w, '0.01', 'EUR')];
    for (const make of [...made, session, download])
      expect((await attempt(make)).answer).toMatchObject({ status: 200 });
  });

  it('change what they should, so that a refusal which does the same is seen', async () => {
    const { changes } = await attempt((w) => pay(w, '0.01', 'EUR'));
    for (const table of ['qwallet_intent', 'ledger_transfer_name', 'kernel_outbox', 'books'])
      expect(changes).toContainEqual(expect.stringMatching(`^\\+ ${table} `));
    expect((await attempt(put)).changes).toContainEqual(
      expect.stringMatching(/^\+ qdrive_upload /),
    );
  });

  it('have advice in the table for whoever is refused', () => {
    for (const { actions } of Object.values(errorTable)) expect(actions.length).toBeGreaterThan(0);
  });
});

for (const [name, table] of Object.entries({ ...badCalls, ...badProofs, ...badContent }))
  describe(`${name}`, () => {
    const attacks = table.map(([what, code, make, status]) => ({ what, code, make, status }));
    it.each(attacks)('$what: $code', async ({ code, make, status }) => {
      expect(await refusal(make)).toEqual(refused(code, status));
    });
  });

describe('beyond the tables', () => {
  it('a range past the end is told how long the content is', async () => {
    const beyond: MakeRequest = (w) => ({
      method: 'GET',
      path: w.file.ticket.url,
      headers: { range: `bytes=${CONTENT.length}-` },
    });
    expect(await refusal(beyond)).toEqual(refused('RANGE_NOT_SATISFIABLE'));
    const { answer } = await attempt(beyond);
    expect(answer.headers['content-range']).toBe(`bytes */${CONTENT.length}`);
  });

  it('a method that is not taken is told which are', async () => {
    const { answer } = await attempt((w) => ({ ...put(w), method: 'PUT' }));
    expect(answer.headers['allow']).toBe('POST');
  });

  it('a missing part is named', async () => {
    const { answer } = await attempt((w) => complete(w, w.half));
    expect(failureIn(answer).details).toMatchObject({ missing: [1] });
  });

  it('a part that breaks off is as if it had never been sent', async () => {
    const { here, half } = world;
    const before = await stateOf(here.node);
    await breakOff(here, half, 1);
    // The next answer on another connection comes after the node has seen the end of the first.
    const completion = await attempt((w) => complete(w, w.half));
    expect(failureIn(completion.answer).details).toMatchObject({ missing: [1] });
    expect(changesBetween(before, await stateOf(here.node))).toEqual([]);
    expect(here.node.errors).toEqual([]);
  });

  it('after all that, what was there is there: the upload goes on, the money is all of it', async () => {
    const { here, alice, half } = world;
    const sent = await exchange(here.port, part(half, 1, CONTENT));
    expect(sent.status).toBe(200);
    const { items } = await clientOf(here, alice).call(qwallet.accounts, {});
    // Less what the unspoiled requests paid.
    expect(items.map(({ unit, available, held }) => [unit, available, held]).toSorted()).toEqual([
      ['EUR', '9.98', '0'],
      ['rUv', '9.999999', '0'],
    ]);
  });
});
