import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lab, labModule } from './lab.ts';
import { codeOf, grant, revoke } from './support.ts';

let node: TestNode;
let ana: Actor;
let ben: Actor;
let count = 0;
let before: ((point: string) => void) | undefined;
/** Work to be done, once, between the verdict on a call and its commit. */
let meanwhile: (() => Promise<unknown>) | undefined;

const hands = {
  work: async () => {
    const now = meanwhile;
    meanwhile = undefined;
    await now?.();
    return { text: 'worked' };
  },
};

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    extra: [labModule(hands)],
    probe: (point) => before?.(point),
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  before = undefined;
  count += 1;
  ana = await node.person(`ana ${count}`);
  ben = await node.person(`ben ${count}`);
});

const item = async (owner: Actor, name: string): Promise<string> => {
  const id = `${name}-${count}`;
  await owner.call(lab.put, { id, text: name });
  return id;
};
const nowS = () => Math.floor(Date.now() / 1000);

describe('an owner', () => {
  it('reads and changes what is its own, and nobody else does', async () => {
    const id = await item(ana, 'a');
    expect(codeOf(await ana.result(lab.get, { id }))).toBe('SUCCESS');
    expect(codeOf(await ana.result(lab.set, { id, text: 'b' }))).toBe('SUCCESS');
    const refused = await ben.result(lab.set, { id, text: 'c' });
    expect(refused).toMatchObject({
      code: 'QONSENT_DENIED',
      details: { why: { rule: expect.stringContaining(ana.did), changeableBy: ana.did } },
    });
    expect((await ana.call(lab.get, { id })).text).toBe('b');
  });

  it('who is the operator owns the node', async () => {
    expect(codeOf(await node.operator.result(lab.admin, {}))).toBe('SUCCESS');
    expect(codeOf(await ana.result(lab.admin, {}))).toBe('QONSENT_DENIED');
    const far = await node.person('far', 'elsewhere');
    expect(codeOf(await far.result(lab.admin, {}))).toBe('QINDEX_NOT_FOUND');
  });
});

describe('a grant', () => {
  it('opens the one resource that it names, and no other', async () => {
    const [mine, also] = [await item(ana, 'mine'), await item(ana, 'also')];
    await grant(node, ana, ben.did, {
      command: '/lab/get',
      policy: [['==', '.resource', `lab/item/${mine}`]],
    });
    expect(codeOf(await ben.result(lab.get, { id: mine }))).toBe('SUCCESS');
    expect(codeOf(await ben.result(lab.get, { id: also }))).toBe('QONSENT_DENIED');
    expect(codeOf(await ben.result(lab.set, { id: mine, text: 'x' }))).toBe('QONSENT_DENIED');
  });

  it('lets its holder act for its giver, under the giver’s name', async () => {
    await grant(node, ana, ben.did, { command: '/lab' });
    const id = `for-${count}`;
    const subject = ana.did;
    expect(codeOf(await ben.result(lab.put, { id, text: 'x' }, { subject }))).toBe('SUCCESS');
    expect((await ana.call(lab.get, { id })).text).toBe('x');
    expect((await ben.call(lab.list, {}, { subject })).items.map((i) => i.id)).toEqual([id]);
  });

  it('is needed to act for somebody at all', async () => {
    const refused = await ben.result(lab.put, { id: 'no', text: 'x' }, { subject: ana.did });
    expect(refused).toMatchObject({
      code: 'QONSENT_DENIED',
      details: { why: { changeableBy: ana.did } },
    });
  });

  it.each([
    ['a narrower command', { command: '/lab/get' }],
    ['a command that only begins alike', { command: '/lab/pu' }],
    ['a policy on another operation', { policy: [['==', '.op', 'lab.get']] }],
    ['a policy on another tool', { policy: [['==', '.tool', 'lab.get']] }],
    ['a policy on an input that came differently', { policy: [['==', '.input.text', 'y']] }],
    ['a policy on something that the call does not have', { policy: [['!=', '.resource', 'x']] }],
  ])('with %s does not cover the call', async (_, order) => {
    await grant(node, ana, ben.did, order);
    const put = await ben.result(lab.put, { id: `n-${count}`, text: 'x' }, { subject: ana.did });
    expect(codeOf(put)).toBe('QONSENT_DENIED');
  });

  it.each([
    ['operation', [['==', '.op', 'lab.put']]],
    ['tool', [['==', '.tool', 'lab.put']]],
    ['input', [['like', '.input.text', 'x*']]],
  ])('may be bound to an %s that comes', async (_, policy) => {
    await grant(node, ana, ben.did, { policy });
    const put = await ben.result(lab.put, { id: `y-${count}`, text: 'x' }, { subject: ana.did });
    expect(codeOf(put)).toBe('SUCCESS');
  });

  it('ends at its time, and the answer says so', async () => {
    const id = await item(ana, 'a');
    const registered_ms = Date.now() - 10_000;
    const exp_s = nowS() - 1;
    const cid = await grant(node, ana, ben.did, { exp_s, now_ms: registered_ms });
    expect(await ben.result(lab.get, { id })).toMatchObject({
      code: 'GRANT_EXPIRED',
      details: { why: { grant: cid, changeableBy: ana.did } },
    });
  });

  it('that does not allow leaves the verdict to another that does', async () => {
    const id = await item(ana, 'a');
    await grant(node, ana, ben.did, { command: '/lab/get', policy: [['==', '.op', 'lab.no']] });
    await grant(node, ana, ben.did, { command: '/lab', exp_s: nowS() - 1, now_ms: 0 });
    expect(codeOf(await ben.result(lab.get, { id }))).not.toBe('SUCCESS');
    await grant(node, ana, ben.did, { command: '/' });
    expect(codeOf(await ben.result(lab.get, { id }))).toBe('SUCCESS');
  });

  it('of another tenant’s identity reaches nothing across', async () => {
    const far = await node.person(`far ${count}`, 'elsewhere');
    const id = await item(ana, 'a');
    await grant(node, ana, far.did);
    expect(codeOf(await far.result(lab.get, { id }))).toBe('QINDEX_NOT_FOUND');
    expect((await far.call(lab.list, {}, { subject: ana.did })).items).toEqual([]);
  });

  it('covers the answer’s why with its chain', async () => {
    const id = await item(ana, 'a');
    const refusing = await grant(node, ana, ben.did, { policy: [['==', '.input.id', 'other']] });
    expect(await ben.result(lab.get, { id })).toMatchObject({
      code: 'QONSENT_DENIED',
      details: {
        operation: 'lab.get',
        why: { grant: refusing, chain: [refusing], rule: expect.stringContaining('.input.id') },
      },
    });
  });
});

describe('a grant that a call names', () => {
  it('is used, and stands in the call', async () => {
    const id = await item(ana, 'a');
    const cid = await grant(node, ana, ben.did);
    await grant(node, ana, ben.did, { command: '/lab' });
    expect(codeOf(await ben.result(lab.get, { id }, { grant: cid }))).toBe('SUCCESS');
  });

  it('is not passed over for another when it refuses', async () => {
    const id = await item(ana, 'a');
    await grant(node, ana, ben.did);
    const narrow = await grant(node, ana, ben.did, { command: '/lab/put' });
    expect(codeOf(await ben.result(lab.get, { id }, { grant: narrow }))).toBe('QONSENT_DENIED');
  });

  it('is refused when it is somebody else’s, or unknown', async () => {
    const id = await item(ana, 'a');
    await grant(node, ana, ben.did);
    const other = await node.person(`other ${count}`);
    const theirs = await grant(node, ana, other.did);
    expect(await ben.result(lab.get, { id }, { grant: theirs })).toMatchObject({
      code: 'QONSENT_DENIED',
      details: { why: { grant: theirs } },
    });
    const unknown = 'bafyreibogus';
    expect(codeOf(await ben.result(lab.get, { id }, { grant: unknown }))).toBe('QONSENT_DENIED');
  });

  it('is refused as revoked once it is, even where another would do', async () => {
    const id = await item(ana, 'a');
    await grant(node, ana, ben.did);
    const cid = await grant(node, ana, ben.did, { command: '/lab' });
    await revoke(node, cid);
    expect(codeOf(await ben.result(lab.get, { id }, { grant: cid }))).toBe('GRANT_REVOKED');
    const other = await node.person(`other ${count}`);
    expect(codeOf(await other.result(lab.get, { id }, { grant: cid }))).toBe('QONSENT_DENIED');
  });

  it('is refused as revoked, or as ended, also for what stands above it', async () => {
    const cleo = await node.person(`cleo ${count}`);
    const id = await item(ana, 'a');
    const root = await grant(node, ana, ben.did);
    const leaf = await grant(node, ben, cleo.did, { subject: ana.did, proof: root });
    await revoke(node, root);
    expect(await cleo.result(lab.get, { id }, { grant: leaf })).toMatchObject({
      code: 'GRANT_REVOKED',
      details: { why: { grant: root, changeableBy: ana.did } },
    });
    const past = { exp_s: nowS() - 1, now_ms: Date.now() - 10_000 };
    const ended = await grant(node, ana, ben.did, past);
    for (let starts = 0; starts < 2; starts++) {
      expect(codeOf(await ben.result(lab.get, { id }, { grant: ended }))).toBe('GRANT_EXPIRED');
      await node.restart();
    }
  });
});

describe('a revocation', () => {
  it('holds from the next call on, and after a restart', async () => {
    const id = await item(ana, 'a');
    const cid = await grant(node, ana, ben.did);
    expect(codeOf(await ben.result(lab.get, { id }))).toBe('SUCCESS');
    await revoke(node, cid);
    expect(codeOf(await ben.result(lab.get, { id }))).toBe('QONSENT_DENIED');
    await node.restart();
    expect(codeOf(await ben.result(lab.get, { id }))).toBe('QONSENT_DENIED');
  });

  it('between the verdict and the commit stops the commit', async () => {
    const cid = await grant(node, ana, ben.did);
    let revoked: Promise<void> | undefined;
    before = (point) => {
      if (point === 'before-commit lab.put') revoked ??= revoke(node, cid);
    };
    const put = await ben.result(lab.put, { id: `r-${count}`, text: 'x' }, { subject: ana.did });
    await revoked;
    expect(codeOf(put)).toBe('GRANT_REVOKED');
    expect((await ana.call(lab.list, {})).items).toEqual([]);
  });

  it('while the handler runs stops the commit, and admission of a process too', async () => {
    const cid = await grant(node, ana, ben.did);
    meanwhile = () => revoke(node, cid);
    expect(codeOf(await ben.result(lab.work, {}, { subject: ana.did }))).toBe('GRANT_REVOKED');
    const again = await grant(node, ana, ben.did);
    before = (point) => {
      if (point === 'before-admission lab.run') void revoke(node, again);
    };
    expect(codeOf(await ben.result(lab.run, {}, { subject: ana.did }))).toBe('GRANT_REVOKED');
  });

  it('of the middle of a chain ends all below it, also after a restart', async () => {
    const [cleo, dan] = [await node.person(`cleo ${count}`), await node.person(`dan ${count}`)];
    const id = await item(ana, 'a');
    const root = await grant(node, ana, ben.did, { command: '/lab' });
    const middle = await grant(node, ben, cleo.did, {
      subject: ana.did,
      command: '/lab',
      proof: root,
    });
    const leaf = await grant(node, cleo, dan.did, {
      subject: ana.did,
      command: '/lab/get',
      proof: middle,
    });
    expect(codeOf(await dan.result(lab.get, { id }, { grant: leaf }))).toBe('SUCCESS');
    await revoke(node, middle);
    expect(codeOf(await dan.result(lab.get, { id }))).toBe('QONSENT_DENIED');
    expect(codeOf(await cleo.result(lab.get, { id }))).toBe('QONSENT_DENIED');
    expect(codeOf(await ben.result(lab.get, { id }))).toBe('SUCCESS');
    await node.restart();
    expect(codeOf(await dan.result(lab.get, { id }))).toBe('QONSENT_DENIED');
    expect(codeOf(await ben.result(lab.get, { id }))).toBe('SUCCESS');
    const late = grant(node, cleo, dan.did, { subject: ana.did, command: '/lab', proof: middle });
    await expect(late).rejects.toMatchObject({ code: 'GRANT_REVOKED' });
  });

  it('of a link above while a link below is registered leaves no grant in force', async () => {
    const cleo = await node.person(`cleo ${count}`);
    const id = await item(ana, 'a');
    const root = await grant(node, ana, ben.did);
    await Promise.allSettled([
      grant(node, ben, cleo.did, { subject: ana.did, proof: root }),
      revoke(node, root),
      grant(node, ben, cleo.did, { subject: ana.did, proof: root }),
    ]);
    expect(codeOf(await cleo.result(lab.get, { id }))).toBe('QONSENT_DENIED');
    await node.restart();
    expect(codeOf(await cleo.result(lab.get, { id }))).toBe('QONSENT_DENIED');
  });
});

describe('the registration of a delegation', () => {
  it.each([
    ['that widens the command', 'GRANT_OVER_BROAD', { command: '/' }],
    ['about another subject', 'GRANT_CHAIN_BROKEN', { subject: 'did:squid:zoe' }],
    ['above what the budget allows', 'GRANT_OVER_BROAD', { budget: { unit: 'EUR', total: '11' } }],
    ['that has ended', 'GRANT_EXPIRED', { exp_s: 1_000 }],
  ])('%s is refused', async (_, code, order) => {
    const root = await grant(node, ana, ben.did, {
      command: '/lab',
      budget: { unit: 'EUR', total: '10' },
    });
    const made = grant(node, ben, (await node.person(`x ${count}`)).did, {
      subject: ana.did,
      command: '/lab',
      proof: root,
      ...order,
    });
    await expect(made).rejects.toMatchObject({ code });
  });

  it('by somebody to whom the link above was not given is refused', async () => {
    const cleo = await node.person(`cleo ${count}`);
    const root = await grant(node, ana, ben.did);
    const made = grant(node, cleo, cleo.did, { subject: ana.did, proof: root });
    await expect(made).rejects.toMatchObject({ code: expect.stringMatching(/^GRANT_/) });
  });

  it('signed by another than its issuer is refused', async () => {
    const made = grant(node, { did: ana.did, seed: ben.seed }, ben.did);
    await expect(made).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });
});
