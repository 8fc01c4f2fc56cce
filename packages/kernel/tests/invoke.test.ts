import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notes, notesModule } from './notes.ts';

describe('a call', () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await startTestNode({ modules: [], extra: [notesModule] });
  });
  afterAll(() => node.close());

  it('is done once and recorded, and its record verifies', async () => {
    const ana = await node.person('ana');
    const added = await ana.result(notes.add, { text: 'hello' });
    expect(added).toMatchObject({ status: 'ok', data: { text: 'hello' } });
    const read = await ana.call(notes.get, { id: added.status === 'ok' ? added.data.id : '' });
    expect(read.text).toBe('hello');
    expect(node.errors).toEqual([]);
  });

  it('answers a retry from the record of the first call', async () => {
    const ana = await node.person('ana2');
    const first = await ana.result(notes.add, { text: 'x' }, { idempotencyKey: 'k1' });
    const again = await ana.result(notes.add, { text: 'x' }, { idempotencyKey: 'k1' });
    expect(again).toMatchObject({ status: 'ok', replayed: true });
    expect(again.status === 'ok' && first.status === 'ok' && again.data.id === first.data.id).toBe(
      true,
    );
    const other = await ana.result(notes.add, { text: 'y' }, { idempotencyKey: 'k1' });
    expect(other).toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  it('is refused to a stranger to the resource, and to another tenant', async () => {
    const ana = await node.person('ana3');
    const ben = await node.person('ben');
    const far = await node.person('far', 'elsewhere');
    const note = await ana.call(notes.add, { text: 'mine' });
    expect(await ben.result(notes.get, { id: note.id })).toMatchObject({ code: 'QONSENT_DENIED' });
    expect(await far.result(notes.get, { id: note.id })).toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
    expect((await ben.call(notes.list, {})).items).toEqual([]);
  });

  it('as a process does all of its steps', async () => {
    const ana = await node.person('ana4');
    const out = await ana.call(notes.two, { first: 'a', second: 'b' });
    expect((await ana.call(notes.get, { id: out.ids[1]! })).text).toBe('a+b');
    expect((await ana.call(notes.list, {})).items).toHaveLength(3);
  });

  it('as a process that is refused midway leaves nothing behind', async () => {
    const ana = await node.person('ana5');
    const out = await ana.result(notes.two, { first: 'a', second: 'b', fail: true });
    expect(out).toMatchObject({ status: 'error', code: 'STATE_CONFLICT' });
    expect((await ana.call(notes.list, {})).items).toEqual([]);
    expect(node.errors).toEqual([]);
  });
});
