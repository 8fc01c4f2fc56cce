import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lab, labModule } from './lab.ts';
import { agentOf, codeOf, custodial, grant, revoke, token } from './support.ts';

let node: TestNode;
let ana: Actor;
let ben: Actor;
let count = 0;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    extra: [labModule()],
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  count += 1;
  ana = await node.person(`ana ${count}`);
  ben = await node.person(`ben ${count}`);
});

const item = async (owner: Actor, name: string): Promise<string> => {
  const id = `${name}-${count}`;
  await owner.call(lab.put, { id, text: name });
  return id;
};

describe('a token bound to a grant', () => {
  it('acts for the giver, within the grant', async () => {
    const id = await item(ana, 'a');
    const agent = await agentOf(node, ana, { command: '/lab/get' });
    expect((await agent.call(lab.get, { id })).text).toBe('a');
    expect(codeOf(await agent.result(lab.set, { id, text: 'x' }))).toBe('QONSENT_DENIED');
  });

  it('does not act for anybody else, not even for its agent', async () => {
    const agent = await agentOf(node, ana);
    for (const subject of [agent.did, ben.did])
      expect(codeOf(await agent.result(lab.list, {}, { subject }))).toBe('QONSENT_DENIED');
    expect(codeOf(await agent.result(lab.list, {}, { subject: ana.did }))).toBe('SUCCESS');
  });

  it('does not reach what other grants open to the same agent', async () => {
    const did = await custodial(node, `agent ${count}`);
    const first = await grant(node, ana, did);
    const second = await grant(node, ben, did);
    const id = await item(ben, 'b');
    const withFirst = node.withToken(did, await token(node, did, first));
    const withSecond = node.withToken(did, await token(node, did, second));
    expect(codeOf(await withSecond.result(lab.get, { id }))).toBe('SUCCESS');
    expect(codeOf(await withFirst.result(lab.get, { id }))).toBe('QONSENT_DENIED');
    expect(codeOf(await withFirst.result(lab.get, { id }, { grant: second }))).toBe(
      'QONSENT_DENIED',
    );
    expect((await withFirst.call(lab.list, {})).items).toEqual([]);
    expect((await withSecond.call(lab.list, {})).items).toHaveLength(1);
  });

  it('does not reach the agent’s own things', async () => {
    const agent = await agentOf(node, ana);
    const id = await item(ana, 'gift');
    await ana.call(lab.give, { id, to: agent.did });
    expect(codeOf(await agent.result(lab.get, { id }))).toBe('QONSENT_DENIED');
    expect((await agent.call(lab.list, {})).items).toEqual([]);
  });

  it('needs the grant also where any identity of the tenant may call', async () => {
    const agent = await agentOf(node, ana, { command: '/lab/get' });
    expect(codeOf(await agent.result(lab.room, {}))).toBe('QONSENT_DENIED');
  });
});

describe('a list', () => {
  const ids = async (who: Actor) => (await who.call(lab.list, {})).items.map(({ id }) => id);

  it('shows what is one’s own and what grants open, page by page', async () => {
    const [a, b] = [await item(ana, 'a'), await item(ana, 'b')];
    const own = await item(ben, 'own');
    expect(await ids(ben)).toEqual([own]);
    const one = await grant(node, ana, ben.did, {
      command: '/lab',
      policy: [['==', '.resource', `lab/item/${a}`]],
    });
    expect(await ids(ben)).toEqual([a, own]);
    await grant(node, ana, ben.did, {
      command: '/lab/list',
      policy: [['like', '.resource', `lab/item/b-*`]],
    });
    expect(await ids(ben)).toEqual([a, b, own]);
    await revoke(node, one);
    expect(await ids(ben)).toEqual([b, own]);
    const first = await ben.call(lab.list, { limit: 1 });
    const rest = await ben.call(lab.list, { limit: 1, cursor: first.next! });
    expect([first.items[0]?.id, rest.items[0]?.id, rest.next]).toEqual([b, own, undefined]);
  });

  it('shows nothing under a grant whose policy asks what a list cannot', async () => {
    await item(ana, 'a');
    for (const policy of [
      [['==', '.input.id', 'a']],
      [['not', ['==', '.resource', 'x']]],
      [['==', '.op', 'lab.get']],
      [['or', [['==', '.op', 'lab.get']]]],
    ])
      await grant(node, ana, ben.did, { policy });
    expect(await ids(ben)).toEqual([]);
    await grant(node, ana, ben.did, { policy: [['or', [['==', '.op', 'lab.list']]]] });
    expect(await ids(ben)).toHaveLength(1);
  });

  it('takes the signs of a pattern in a resource for what they are', async () => {
    await item(ana, 'ab');
    await grant(node, ana, ben.did, { policy: [['like', '.resource', 'lab/item/[a]*']] });
    await grant(node, ana, ben.did, { policy: [['like', '.resource', 'lab/item/a?*']] });
    await grant(node, ana, ben.did, { policy: [['like', '.resource', 'lab/item/\\*']] });
    expect(await ids(ben)).toEqual([]);
  });

  it('refuses a cursor that is none of its own', async () => {
    expect(codeOf(await ben.result(lab.list, { cursor: '_w' }))).toBe('INPUT_INVALID');
  });
});
