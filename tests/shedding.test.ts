import { readFile, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { node as nodeContract } from '@anarq/node-module/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { startTestNode, type TestNode } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What a node does without when it must, or when its operator says so. */
let node: TestNode;
beforeEach(async () => {
  node = await startTestNode();
});
afterEach(() => node.close());

const search = () => node.operator.result(qmarket.search, {});
const refused = (reason: string) => ({
  status: 'error',
  code: 'SERVICE_UNAVAILABLE',
  retryable: true,
  details: { reason, retryAfter_ms: expect.any(Number) },
});

/** Keeps the event loop from everything else, as a flood of work does. */
function hold(duration_ms: number): void {
  for (const end = performance.now() + duration_ms; performance.now() < end;);
}

describe('a node under pressure', () => {
  it('refuses what it can do without, answers the rest, and takes everything when it is over', async () => {
    expect(await search()).toMatchObject({ status: 'ok' });
    for (let tries = 0; tries < 20; tries++) {
      hold(1_200);
      await pause(1);
      if ((await search()).status === 'error') break;
    }
    expect(await search()).toMatchObject(refused('pressure'));
    expect(await node.operator.result(qmarket.listings, {})).toMatchObject({ status: 'ok' });
    expect(await node.kernel.telemetry.text()).toMatch(/^q_pressure_state 1$/m);
    await expect.poll(async () => (await search()).status, { timeout: 60_000 }).toBe('ok');
  });
});

describe('an operation that is switched off', () => {
  it('is refused from the next call on, also after a restart, until it is switched on', async () => {
    const off = { operation: 'qmarket.search', isOn: false };
    await node.operator.call(nodeContract.switchOperation, off);
    expect(await search()).toMatchObject(refused('switched off'));
    await node.restart();
    expect(await search()).toMatchObject(refused('switched off'));
    const { items } = await node.operator.call(nodeContract.switches, {});
    expect(items).toContainEqual(off);
    await node.operator.call(nodeContract.switchOperation, { ...off, isOn: true });
    expect(await search()).toMatchObject({ status: 'ok' });
  });

  it('is none that is essential, and none that does not exist', async () => {
    const order = (operation: string) =>
      node.operator.result(nodeContract.switchOperation, { operation, isOn: false });
    expect(await order('qwallet.fund')).toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await order('qwallet.nothing')).toMatchObject({ code: 'QINDEX_NOT_FOUND' });
  });

  it('is the operator’s to decide', async () => {
    const ana = await node.person('ana');
    const order = { operation: 'qmarket.search', isOn: false };
    expect(await ana.result(nodeContract.switchOperation, order)).toMatchObject({
      code: 'QONSENT_DENIED',
    });
    expect(await search()).toMatchObject({ status: 'ok' });
  });
});

describe('a profile', () => {
  it('names the functions in which the time went, and lies in a file', async () => {
    const asked = node.operator.call(nodeContract.profile, { seconds: 1 });
    for (let n = 0; n < 8; n++) {
      hold(100);
      await pause(1);
    }
    const { file, hot } = await asked;
    expect(hot.find(({ name }) => name === 'hold')?.place).toContain('shedding.test.ts');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toHaveProperty('samples');
  });

  it('is taken one at a time', async () => {
    const first = node.operator.result(nodeContract.profile, { seconds: 1 });
    await pause(300);
    expect(await node.operator.result(nodeContract.profile, { seconds: 1 })).toMatchObject({
      code: 'CALL_IN_PROGRESS',
    });
    expect(await first).toMatchObject({ status: 'ok' });
  });
});
