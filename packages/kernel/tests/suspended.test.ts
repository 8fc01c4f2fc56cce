import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../src/index.ts';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, custodial, grant, token } from './support.ts';

let node: TestNode;
let ana: Actor;
let ben: Actor;
let cleo: Actor;
let run: NonNullable<LabHandlers['run']> = () => ({ text: '' });
let people = 0;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    extra: [labModule({ run: (input, ctx) => run(input, ctx) })],
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  people += 1;
  [ana, ben, cleo] = await Promise.all([
    node.person(`ana ${people}`),
    node.person(`ben ${people}`),
    node.person(`cleo ${people}`),
  ]);
  await ana.call(lab.put, { id: `item${people}`, text: 'hers' });
});

const set = async (who: Actor, status: 'active' | 'suspended'): Promise<void> => {
  const prepared = node.kernel.services.identities.prepareStatus(who.did, status);
  await node.store.commit(prepared.statements);
  prepared.activate();
};
const read = (who: Actor, options = {}) => who.result(lab.get, { id: `item${people}` }, options);
const listed = async (who: Actor) =>
  (await who.call(lab.list, {})).items.filter(({ id }) => id === `item${people}`).length;

describe('while somebody is suspended', () => {
  it('nothing that it gave on its own things admits anybody; and then it does again', async () => {
    const given = await grant(node, ana, cleo.did);
    expect([codeOf(await read(cleo)), await listed(cleo)]).toEqual(['SUCCESS', 1]);
    await set(ana, 'suspended');
    expect(codeOf(await read(cleo))).toBe('QONSENT_DENIED');
    expect(await read(cleo, { grant: given })).toMatchObject({
      code: 'QONSENT_DENIED',
      details: { why: { rule: expect.stringContaining(`${ana.did}, who gave this grant`) } },
    });
    expect(await listed(cleo)).toBe(0);
    await set(ana, 'active');
    expect([codeOf(await read(cleo)), await listed(cleo)]).toEqual(['SUCCESS', 1]);
  });

  it('what it passed on in the middle of a chain admits nobody, and other chains do', async () => {
    const first = await grant(node, ana, ben.did);
    await grant(node, ben, cleo.did, { subject: ana.did, proof: first });
    expect(codeOf(await read(cleo))).toBe('SUCCESS');
    await set(ben, 'suspended');
    expect(codeOf(await read(cleo))).toBe('QONSENT_DENIED');
    await grant(node, ana, cleo.did);
    expect(codeOf(await read(cleo))).toBe('SUCCESS');
  });

  it('a token of somebody else under its grant proves who it is, and opens nothing', async () => {
    const bot = await custodial(node, `bot ${people}`);
    const text = await token(node, bot, await grant(node, ana, bot));
    const agent = node.withToken(bot, text);
    expect(codeOf(await read(agent))).toBe('SUCCESS');
    await set(ana, 'suspended');
    expect(codeOf(await read(agent))).toBe('QONSENT_DENIED');
  });

  it('stays so when the node starts again', async () => {
    await grant(node, ana, cleo.did);
    await set(ana, 'suspended');
    await node.restart();
    expect(codeOf(await read(cleo))).toBe('QONSENT_DENIED');
  });

  it('no further step begins of what it had begun, and what was done is undone', async () => {
    const id = `step${people}`;
    run = async (_, ctx) => {
      await ctx.step('put', lab.put, { id, text: 'x' }, { undo: () => call(lab.del, { id }) });
      await set(ana, 'suspended');
      await ctx.step('set', lab.set, { id, text: 'y' });
      return { text: 'done' };
    };
    expect(await ana.result(lab.run, {})).toMatchObject({
      code: 'QONSENT_DENIED',
      message: expect.stringContaining('was suspended while this call ran'),
    });
    const [left] = await node.store.read('SELECT id FROM lab_item WHERE id = :id', { id });
    expect(left).toBeUndefined();
  });
});
