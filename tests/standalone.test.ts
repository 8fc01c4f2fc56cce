import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMON_ERRORS, type AnyOperation } from '@anarq/common-schemas';
import { moduleNames, startNode, type RunningNode, type StartOptions } from '@anarq/node';
import { actorOf } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
let node: RunningNode | undefined;
const failures: unknown[] = [];

const start = async (
  options: Pick<StartOptions, 'modules' | 'standalone' | 'mocks' | 'remotes'>,
  data = 'data',
): Promise<RunningNode> => {
  node = await startNode({
    dataFolder: join(folder, data),
    keysFolder: join(folder, 'keys'),
    port: 0,
    version: '0.0.0-test',
    onError: (error) => void failures.push(error),
    ...options,
  });
  return node;
};

const stop = async (): Promise<void> => {
  await node?.close();
  node = undefined;
};

const operatorOf = ({ kernel, operatorSeed }: RunningNode) =>
  actorOf(() => kernel, { did: kernel.node.operator, seed: operatorSeed });

const operationOf = ({ kernel }: RunningNode, id: string): AnyOperation => {
  const found = kernel.contracts
    .flatMap(({ operations }) => Object.values(operations))
    .find((op) => op.id === id);
  if (found === undefined) throw new Error(`${id} is not there`);
  return found;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-standalone-'));
  failures.length = 0;
});

afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

const said = async (url: string): Promise<Record<string, unknown>> =>
  (await (await fetch(url)).json()) as Record<string, unknown>;

/** Success, or a refusal that the contract, or the table for all operations, names. */
async function answersItsExamples(from: RunningNode, module: string): Promise<string[]> {
  const contract = from.kernel.contracts.find(({ name }) => name === module);
  const unexpected: string[] = [];
  for (const op of Object.values(contract?.operations ?? {}))
    for (const { input } of op.examples) {
      const result = await operatorOf(from).result(op, input);
      const named: readonly string[] = [...op.errors, ...COMMON_ERRORS];
      const isNamed = result.status === 'ok' || named.includes(result.code);
      if (!isNamed || result.code === 'INTERNAL')
        unexpected.push(`${op.id}: ${result.code} ${result.message}`);
    }
  return unexpected;
}

describe('a module that is started standalone', () => {
  it.each(moduleNames)('%s answers the examples of its contract', async (module) => {
    const alone = await start({ modules: [module], standalone: true });
    expect(await answersItsExamples(alone, module)).toEqual([]);
    expect(failures).toEqual([]);
  });

  const mockable = moduleNames.filter(
    (name) => !['node', 'squid', 'qonsent', 'qerberos'].includes(name),
  );
  it('answers each example of every mock with success', async () => {
    const hybrid = await start({ modules: ['squid'], standalone: true, mocks: mockable });
    for (const module of mockable) {
      const contract = hybrid.kernel.contracts.find(({ name }) => name === module);
      for (const op of Object.values(contract?.operations ?? {}))
        for (const { input } of op.examples)
          expect(await operatorOf(hybrid).result(op, input), op.id).toMatchObject({
            status: 'ok',
            message: expect.stringMatching(/^Mocked, nothing was done: /) as unknown,
          });
    }
    expect(failures).toEqual([]);
  });

  it('has its missing dependencies mocked, and says which at /health and in its discovery', async () => {
    const { url } = await start({ modules: ['qmarket'], standalone: true });
    const standalone = { mocked: ['qindex', 'qdrive', 'qwallet'] };
    expect((await said(`${url}/health`))['standalone']).toEqual(standalone);
    const discovery = await said(`${url}/.well-known/q-infinity.json`);
    expect(discovery['standalone']).toEqual(standalone);
    const mocks = (discovery['modules'] as { name: string; mock?: boolean }[])
      .filter(({ mock }) => mock === true)
      .map(({ name }) => name);
    expect(mocks).toEqual(standalone.mocked);
  });

  it('answers an example with its output, and other input with its own members', async () => {
    const market = await start({ modules: ['qmarket'], standalone: true });
    const quote = operationOf(market, 'qwallet.quote');
    const operator = operatorOf(market);
    const [example] = quote.examples;
    expect(await operator.call(quote, example?.input)).toEqual(example?.output);
    expect(
      await operator.call(operationOf(market, 'qwallet.reserve'), {
        amount: '7.25',
        unit: 'EUR',
        recipients: [{ identity: market.kernel.node.operator, amount: '7.25' }],
      }),
    ).toMatchObject({ amount: '7.25', unit: 'EUR' });
    expect(
      await operator.result(operationOf(market, 'qwallet.reserve'), { amount: 'much' }),
    ).toMatchObject({ status: 'error', code: 'INPUT_INVALID' });
  });

  it('marks the record of what was mocked, and no other', async () => {
    const market = await start({ modules: ['qmarket'], standalone: true });
    const operator = operatorOf(market);
    const recorded = async (id: string, input: unknown) => {
      const made = await operator.result(operationOf(market, id), input);
      const cid = 'cid' in made ? made.cid : undefined;
      return operator.call(operationOf(market, 'qerberos.record'), { cid });
    };
    const fund = operationOf(market, 'qwallet.fund').examples[0]?.input;
    expect(JSON.stringify(await recorded('qwallet.fund', fund))).toContain('mock: true');
    const create = operationOf(market, 'squid.createAgent').examples[0]?.input;
    expect(JSON.stringify(await recorded('squid.createAgent', create))).not.toContain('mock: true');
  });
});

describe('a node is standalone from its first start, or never', () => {
  it('refuses a missing dependency, and a mock, where it was not asked to be standalone', async () => {
    await expect(start({ modules: ['squid', 'qonsent', 'qwallet'] })).rejects.toMatchObject({
      code: 'DEPENDENCY_MISSING',
      details: { module: 'ledger' },
    });
    await expect(start({ mocks: ['qwallet'] })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('never becomes real: neither its data, nor a new folder under its keys', async () => {
    await start({ modules: ['qmarket'], standalone: true });
    await stop();
    await expect(start({})).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
    await expect(start({}, 'other')).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
    expect((await start({ standalone: true })).kernel.standalone).toEqual({ mocked: [] });
  });

  it('takes no mock in where real money lies, nor beside its keys', async () => {
    await start({});
    await stop();
    const mocked = { mocks: ['qwallet'], standalone: true } as const;
    await expect(start(mocked)).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
    await expect(start(mocked, 'other')).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
    expect((await start({})).kernel.standalone).toBeUndefined();
  });

  it('mocks one of its modules where asked, and never those that decide and record', async () => {
    const hybrid = await start({ standalone: true, mocks: ['qwallet'] });
    expect(hybrid.kernel.standalone).toEqual({ mocked: ['qwallet'] });
    await stop();
    for (const name of ['squid', 'qonsent', 'qerberos', 'node'] as const)
      await expect(start({ standalone: true, mocks: [name] })).rejects.toThrow('always real');
  });

  it('is one process', async () => {
    const remotes = { qwallet: ['http://127.0.0.1:9'] };
    await expect(start({ standalone: true, remotes })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});
