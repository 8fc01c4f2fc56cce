import { contract, failure, query as read, t } from '@anarq/common-schemas';
import fc from 'fast-check';
import { buildSchema, getIntrospectionQuery, printType } from 'graphql';
import { graphqlText } from '@anarq/derive/graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anyValue } from '../../schemas/tests/anyValue.ts';
import { everything, Everything, everyWord } from '../../schemas/tests/everyWord.ts';
import { shop } from '../../derive/tests/shop.ts';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { fakeNode, ok, type FakeNode } from './fakeNode.ts';
import { readOutput, selectAll, writeInput } from './graphqlClient.ts';

interface Answer {
  readonly data?: Readonly<Record<string, Field>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly string[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

interface Field {
  readonly data: Record<string, unknown>;
  readonly mutationType: { readonly name: string };
}

const BEARER = { authorization: 'Bearer qat_test' };
let node: FakeNode;
let surface: HttpSurface;

beforeAll(async () => {
  node = fakeNode([everyWord, shop]);
  surface = await startHttpSurface(node, { port: 0, requestsPerSecond_max: 100_000 });
});
afterAll(() => surface.close());
beforeEach(() => {
  node.calls.length = 0;
});

const post = (body: unknown, headers: Record<string, string> = BEARER) =>
  fetch(`${surface.url}/graphql`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

const ask = async (
  query: string,
  variables: object = {},
  headers: Record<string, string> = BEARER,
): Promise<Answer> => (await (await post({ query, variables }, headers)).json()) as Answer;

/** Two aliases, since the members of the two variants have the same types. */
const SHAPE =
  'shape { ... on EverythingShapeCircle { kind radius } ... on EverythingShapeSquare { kind side } }';
const SELECTION = selectAll(Everything, 4)
  .replace('shape ', `${SHAPE} `)
  .replaceAll(' value  }', ' value }');
const ECHO = `mutation ($input: EverythingInput!, $key: String) {
  everywordEcho(input: $input, idempotencyKey: $key) { data ${SELECTION} message cid replayed }
}`;

const fromShape = (value: Record<string, unknown>): unknown => ({
  ...(readOutput(Everything, value) as object),
  shape: value['shape'],
});

describe('a call over GraphQL', () => {
  it('carries random values of every word of the dialect there and back unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(anyValue(Everything), async (value) => {
        node.calls.length = 0;
        const answer = await ask(ECHO, { input: writeInput(Everything, value), key: 'k' });
        expect(answer.errors).toBeUndefined();
        expect(node.calls[0]?.input).toEqual(value);
        expect(fromShape(answer.data?.['everywordEcho']?.data ?? {})).toEqual(value);
      }),
      { numRuns: 30 },
    );
  });

  it('says what it is beside the input: key, subject, grant, credential, peer', async () => {
    node.answers.set('everyword.echo', (call) => ok(call.input, { replayed: true }));
    const answer = await ask(
      `mutation ($input: EverythingInput!) {
        everywordEcho(input: $input, idempotencyKey: "k1", subject: "did:squid:a",
          grant: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy") { replayed message }
      }`,
      { input: writeInput(Everything, everything) },
    );
    node.answers.set('everyword.echo', (call) => ok(call.input));
    expect(answer.data?.['everywordEcho']).toEqual({ replayed: true, message: 'Done.' });
    expect(node.calls[0]).toMatchObject({
      operation: 'everyword.echo',
      surface: 'graphql',
      idempotencyKey: 'k1',
      subject: 'did:squid:a',
      grant: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
      credential: { kind: 'bearer', token: 'qat_test' },
      peer: '127.0.0.1',
    });
  });

  it('takes the headers of HTTP where the document makes one call', async () => {
    await ask(
      '{ shopFind { message } }',
      {},
      {
        'x-squid-id': 'did:squid:a',
        'x-ts': '2026-01-02T03:04:05Z',
        'x-sig': 'v1.AA',
        'x-subject': 'did:squid:b',
      },
    );
    expect(node.calls[0]).toMatchObject({
      credential: { kind: 'signature', identity: 'did:squid:a', signature: 'v1.AA' },
      subject: 'did:squid:b',
    });
  });

  it('takes a signature of its own for each of several calls, and refuses one for all', async () => {
    const proof = (identity: string) =>
      `{ identity: "${identity}", ts: "2026-01-02T03:04:05Z", signature: "v1.AA" }`;
    const query = (one: string, two: string) =>
      `{ one: shopFind${one} { message } two: shopFind${two} { message } }`;
    await ask(
      query(`(proof: ${proof('did:squid:a')})`, `(proof: ${proof('did:squid:b')})`),
      {},
      {},
    );
    expect(node.calls.map(({ credential }) => credential)).toMatchObject([
      { identity: 'did:squid:a' },
      { identity: 'did:squid:b' },
    ]);
    const signed = { 'x-squid-id': 'did:squid:a', 'x-ts': '2026-01-02T03:04:05Z', 'x-sig': 'v1.A' };
    const refused = await ask(query('', ''), {}, signed);
    expect(refused.errors?.map(({ extensions }) => extensions['code'])).toEqual([
      'INPUT_INVALID',
      'INPUT_INVALID',
    ]);
    const keyed = await ask(
      'mutation { a: shopTouch(input: {itemId: "i1"}) { cid } b: shopTouch(input: {itemId: "i1"}) { cid } }',
      {},
      { ...BEARER, 'idempotency-key': 'k' },
    );
    expect(keyed.errors).toHaveLength(2);
  });

  it('carries the whole failure in extensions, beside the answers of other fields', async () => {
    const at = { requestId: 'req_1', now_ms: 0 };
    const denied = failure('QONSENT_DENIED', at, undefined, { why: { rule: 'no grant' } });
    node.answers.set('shop.touch', () => denied);
    const answer = await ask(
      'mutation { touch: shopTouch(input: {itemId: "i1"}) { cid } buy: shopBuy(input: {itemId: "i1", maxPrice: "1", unit: "EUR"}) { message } }',
    );
    node.answers.delete('shop.touch');
    expect(answer.data).toEqual({ touch: null, buy: { message: 'Done.' } });
    expect(answer.errors?.[0]).toMatchObject({ path: ['touch'], extensions: denied });
  });

  it('answers what the schema does not take with a code of the table, and calls nothing', async () => {
    const codes = async (query: string, variables: object = {}) =>
      (await ask(query, variables)).errors?.map(({ extensions }) => extensions['code']);
    expect(await codes('{ nothing }')).toEqual(['INPUT_INVALID']);
    expect(await codes('{')).toEqual(['INPUT_MALFORMED']);
    expect(await codes('{ shopFind(input: {limit: "x"}) { message } }')).toEqual(['INPUT_INVALID']);
    expect(
      await codes('mutation ($i: EverythingInput!) { everywordEcho(input: $i) { cid } }', {
        i: { ...(writeInput(Everything, everything) as object), whole: 1.5 },
      }),
    ).toEqual(['INPUT_INVALID']);
    expect(
      await codes('mutation ($i: EverythingInput!) { everywordEcho(input: $i) { cid } }', {
        i: {
          ...(writeInput(Everything, everything) as object),
          counts: [
            { key: 'a', value: 1 },
            { key: 'a', value: 2 },
          ],
        },
      }),
    ).toEqual(['INPUT_INVALID']);
    expect(
      await codes('mutation ($i: EverythingInput!) { everywordEcho(input: $i) { cid } }', {
        i: { ...(writeInput(Everything, everything) as object), anything: null },
      }),
    ).toBeUndefined();
    expect(node.calls).toHaveLength(1);
  });

  it('keeps JSON that is written in the document itself, and refuses a prototype in it', async () => {
    const { anything: _, ...rest } = writeInput(Everything, everything) as Record<string, unknown>;
    const literal = (json: string) =>
      ask(
        `mutation (${'$shape: EverythingShapeInput!, $tree: TreeInput!'}) { everywordEcho(input: {
          id: "a1", text: "t", whole: 1, measure: 1, flag: true, colour: red, list: [], shape: $shape,
          tree: $tree, counts: [], blob: "", price: "1", big: "1", at: "2026-01-02T03:04:05Z",
          cid: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", owner: "did:squid:a",
          anything: ${json} }) { data { anything } } }`,
        { shape: rest['shape'], tree: rest['tree'] },
      );
    const answer = await literal('{ a: [1, "x", null, { b: true }] }');
    expect(answer.data?.['everywordEcho']?.data['anything']).toEqual({
      a: [1, 'x', null, { b: true }],
    });
    const refused = await literal('{ __proto__: { admin: true } }');
    expect(refused.errors?.[0]?.extensions['code']).toBe('INPUT_INVALID');
  });
});

describe('the limits of a document', () => {
  const limitOf = async (query: string) => {
    const [error] = (await ask(query)).errors ?? [];
    return [error?.extensions['code'], (error?.extensions['details'] as { limit?: string })?.limit];
  };

  it('bound calls, aliases, fields and depth, also where fragments multiply them', async () => {
    const find = (name: string) => `${name}: shopFind { message }`;
    const many = Array.from({ length: 21 }, (_, at) => find(`f${at}`)).join(' ');
    expect(await limitOf(`{ ${many} }`)).toEqual(['LIMIT_EXCEEDED', 'calls 20']);
    const aliases = Array.from({ length: 101 }, (_, at) => `m${at}: message`).join(' ');
    expect(await limitOf(`{ shopFind { ${aliases} } }`)).toEqual(['LIMIT_EXCEEDED', 'aliases 100']);
    const bomb = Array.from(
      { length: 30 },
      (_, at) => `fragment F${at} on ShopFindAnswer { ...F${at + 1} ...F${at + 1} }`,
    ).join(' ');
    expect(
      await limitOf(`{ shopFind { ...F0 } } ${bomb} fragment F30 on ShopFindAnswer { message }`),
    ).toEqual(['LIMIT_EXCEEDED', 'fields 2000']);
    const deep = 'children { '.repeat(45) + 'value' + ' }'.repeat(45);
    expect(await limitOf(`{ everywordList { data { items { tree { ${deep} } } } } }`)).toEqual([
      'LIMIT_EXCEEDED',
      'depth 40',
    ]);
    expect(node.calls).toEqual([]);
  });

  it('bound introspection that turns in circles, and let the usual one pass', async () => {
    const circle = '{ __schema { types { fields { type { fields { name } } } } } }';
    expect(await limitOf(circle)).toEqual(['LIMIT_EXCEEDED', 'introspection']);
    const answer = await ask(getIntrospectionQuery());
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.['__schema']?.mutationType.name).toBe('Mutation');
  });

  it('refuse fragments that spread themselves, batches, and documents that are kept elsewhere', async () => {
    const circle = await ask('{ shopFind { ...A } } fragment A on ShopFindAnswer { ...A }');
    expect(circle.errors?.[0]?.extensions['code']).toBe('INPUT_INVALID');
    const batch = (await (await post([{ query: '{ apiVersion }' }])).json()) as Answer;
    expect(batch.errors?.[0]?.extensions['code']).toBe('INPUT_MALFORMED');
    const kept = await post({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } });
    expect(((await kept.json()) as Answer).errors?.[0]?.extensions['code']).toBe('INPUT_INVALID');
  });
});

describe('GraphQL over HTTP', () => {
  it('answers a refused document with 400 to clients that ask for its own media type', async () => {
    const own = 'application/graphql-response+json';
    const refused = await post({ query: '{ nothing }' }, { ...BEARER, accept: own });
    expect(refused.status).toBe(400);
    expect(refused.headers.get('content-type')).toContain(own);
    const plain = await post({ query: '{ nothing }' });
    expect(plain.status).toBe(200);
    expect(plain.headers.get('content-type')).toContain('application/json');
  });

  it('takes nothing but POST, nothing but JSON, and no member twice', async () => {
    const get = await fetch(`${surface.url}/graphql?query={apiVersion}`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    const form = await post('query={apiVersion}', { 'content-type': 'text/plain' });
    expect(form.status).toBe(400);
    const twice = await post('{"query":"{ apiVersion }","query":"{ apiVersion }"}');
    expect(twice.status).toBe(400);
  });

  it('reads only 64 KiB of somebody without a credential', async () => {
    const large = await post({ query: `{ apiVersion } #${'x'.repeat(70_000)}` }, {});
    expect(large.status).toBe(413);
  });
});

describe('the text of a schema', () => {
  it('is a schema that other tools read, with deprecated fields marked', () => {
    const schema = buildSchema(graphqlText([everyWord, shop]));
    const drop = schema.getMutationType()?.getFields()['shopDrop'];
    expect(drop?.deprecationReason).toContain('2027-01-01');
    expect(schema.getMutationType()?.getFields()['shopBuy']?.description).toContain('maxPrice');
  });

  it('keeps apart what two modules call by one name', () => {
    const other = contract({
      name: 'other',
      version: '1.0.0',
      title: 'Other',
      purpose: 'Has an item of its own.',
      operations: {
        item: read({
          summary: 'Reads.',
          scope: 'other/item',
          input: t.object({}),
          output: t.named('Item', t.object({ weight: t.integer() })),
        }),
      },
    });
    const { OtherItem, ShopItem } = buildSchema(graphqlText([shop, other])).getTypeMap();
    expect(String(OtherItem && printType(OtherItem))).toContain('weight: Integer!');
    expect(String(ShopItem && printType(ShopItem))).toContain('price: Decimal!');
  });
});
