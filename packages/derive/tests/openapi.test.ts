import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMON_ERRORS, contract, errorCodes, errorTable, query, t } from '@anarq/common-schemas';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { everyWord } from '../../schemas/tests/everyWord.ts';
import { derivedFiles, referenceFiles } from '../src/files.ts';
import { openapiOf } from '../src/index.ts';
import { shop } from './shop.ts';

const folder = mkdtempSync(join(tmpdir(), 'q-openapi-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs redocly with the rules of this package; warnings are failures. */
function lint(text: string): { status: number | null; said: string } {
  const path = join(folder, 'openapi.yaml');
  writeFileSync(path, text);
  const manifest = createRequire(import.meta.url).resolve('@redocly/cli/package.json');
  const config = fileURLToPath(new URL('../redocly.yaml', import.meta.url));
  const run = spawnSync(
    process.execPath,
    [join(dirname(manifest), 'bin', 'cli.js'), 'lint', '--config', config, path],
    {
      encoding: 'utf8',
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    },
  );
  return { status: run.status, said: `${run.stdout}${run.stderr}` };
}

interface OperationObject {
  readonly [key: string]: unknown;
  readonly parameters: { readonly name?: string; readonly in?: string; readonly $ref?: string }[];
  readonly requestBody?: {
    readonly content: Record<string, { schema: { properties?: object; $ref?: string } }>;
  };
  readonly responses: Record<string, { $ref?: string; description?: string }>;
}

interface Document {
  readonly paths: Record<string, Record<string, OperationObject>>;
  readonly components: { readonly schemas: Record<string, Record<string, unknown>> };
}

const document = (...contracts: Parameters<typeof openapiOf>[0]): Document =>
  JSON.parse(JSON.stringify(openapiOf(contracts)));

const operation = (from: Document, method: string, path: string): OperationObject =>
  from.paths[path]![method]!;

describe('the OpenAPI document', () => {
  it('passes the strict ruleset of redocly, for a module and for a node', () => {
    for (const text of [
      derivedFiles(everyWord, [everyWord, shop]).get('openapi.yaml')!,
      derivedFiles(shop, [everyWord, shop]).get('openapi.yaml')!,
      referenceFiles([everyWord, shop]).get('openapi.yaml')!,
    ]) {
      const { status, said } = lint(text);
      expect(said).not.toMatch(/error|warning/i);
      expect(status).toBe(0);
    }
  });

  it('is refused by the same linter when an example does not match its schema', () => {
    const text = derivedFiles(shop, [shop]).get('openapi.yaml')!;
    expect(lint(text.replace('maxPrice: "4"', 'maxPrice: 4')).status).not.toBe(0);
  });

  it('puts each member where the route says: path, query or body', () => {
    const shopDocument = document(shop);
    const buy = operation(shopDocument, 'post', '/shop/items/{itemId}/buy');
    expect(buy.parameters[0]).toMatchObject({ name: 'itemId', in: 'path', required: true });
    const body = buy.requestBody!.content['application/json']!.schema;
    expect(Object.keys(body.properties!)).toEqual(['maxPrice', 'unit', 'note']);
    const find = operation(shopDocument, 'get', '/shop/items');
    const inQuery = find.parameters.filter((parameter) => parameter.in === 'query');
    expect(inQuery.map((parameter) => parameter.name)).toEqual([
      'limit',
      'cursor',
      'since',
      'tags',
    ]);
    expect(inQuery[1]).toMatchObject({ schema: { 'x-format': 'cursor' } });
    expect(inQuery[3]).toHaveProperty(['content', 'application/json', 'schema', 'items']);
    const drop = operation(shopDocument, 'delete', '/shop/items/{itemId}');
    expect(drop.parameters.filter((p) => p.in !== undefined).map((p) => p.name)).toEqual([
      'itemId',
      'reason',
    ]);
    expect(drop.requestBody).toBeUndefined();
    const touch = operation(shopDocument, 'post', '/shop/items/{itemId}/touch');
    expect(touch.requestBody).toBeUndefined();
  });

  it('asks for an idempotency key on writes only, and for no proof of public operations', () => {
    const key = { $ref: '#/components/parameters/IdempotencyKey' };
    const shopDocument = document(shop);
    const buy = operation(shopDocument, 'post', '/shop/items/{itemId}/buy');
    const find = operation(shopDocument, 'get', '/shop/items');
    expect(buy.parameters).toContainEqual(key);
    expect(find.parameters).not.toContainEqual(key);
    expect(find['security']).toEqual([]);
    expect(buy['security']).toEqual([{ agentToken: [] }, { callSignature: [] }]);
    expect(buy).toMatchObject({
      operationId: 'shop.buy',
      tags: ['Shop'],
      'x-scope': '/shop/buy',
      'x-signature': 'full',
    });
    expect(operation(shopDocument, 'delete', '/shop/items/{itemId}')).toMatchObject({
      deprecated: true,
      'x-sunset': '2027-01-01',
    });
  });

  it('names every error that the operation may answer with under its HTTP status', () => {
    const shopDocument = document(shop);
    const { responses } = operation(shopDocument, 'post', '/shop/items/{itemId}/buy');
    const components = openapiOf([shop])['components'] as {
      responses: Record<string, { description: string }>;
    };
    for (const code of [...COMMON_ERRORS, 'INSUFFICIENT_FUNDS', 'PRICE_ABOVE_LIMIT'] as const) {
      const answer = responses[String(errorTable[code].http)]!;
      const name = answer.$ref?.split('/').at(-1);
      const description =
        name === undefined ? answer.description! : components.responses[name]!.description;
      expect(description, code).toContain(`${code}: `);
    }
    expect(shopDocument.components.schemas['Failure']).toMatchObject({
      properties: { code: { enum: errorCodes } },
    });
  });

  it('refers to named and recursive schemas, and keeps the formats readable', () => {
    const { schemas } = document(everyWord).components;
    expect(Object.keys(schemas)).toEqual(['Everything', 'Failure', 'Leaf', 'Tree']);
    const properties = schemas['Everything']!['properties'] as Record<string, object>;
    expect(properties['tree']).toEqual({ $ref: '#/components/schemas/Tree' });
    expect(properties['list']).toMatchObject({ items: { $ref: '#/components/schemas/Leaf' } });
    expect(properties['at']).toMatchObject({ format: 'date-time' });
    expect(properties['blob']).toMatchObject({ contentEncoding: 'base64url' });
    for (const [member, format] of Object.entries({
      price: 'decimal',
      big: 'int64',
      cid: 'cid',
      owner: 'did',
    }))
      expect(properties[member]).toMatchObject({ 'x-format': format });
    expect(schemas['Tree']).toMatchObject({
      'x-depth': 32,
      properties: { children: { items: { $ref: '#/components/schemas/Tree' } } },
    });
    expect(JSON.stringify(openapiOf([everyWord]))).not.toMatch(/"\$id"|"\$defs"|"x-name"/);
  });

  it('maps a discriminator only where every variant is a reference', () => {
    const touch = JSON.stringify(
      operation(document(shop), 'post', '/shop/items/{itemId}/touch').responses['200'],
    );
    expect(touch).toContain('"mapping":{"paper":"#/components/schemas/Paper","film"');
    expect(JSON.stringify(document(everyWord))).not.toContain('discriminator');
  });

  it('qualifies a name that means two things in two modules, and refuses it within one', () => {
    const thing = (name: string, maxLength: number) =>
      contract({
        name,
        version: '1.0.0',
        title: name,
        purpose: 'Names a schema.',
        operations: {
          get: query({
            summary: 'Gets.',
            scope: `${name}/get`,
            input: t.object({}),
            output: t.named('Thing', t.object({ text: t.string({ maxLength }) })),
          }),
        },
      });
    expect(Object.keys(document(thing('one', 1), thing('two', 2)).components.schemas)).toEqual([
      'Failure',
      'one.Thing',
      'two.Thing',
    ]);
    expect(Object.keys(document(thing('one', 1), thing('two', 1)).components.schemas)).toEqual([
      'Failure',
      'Thing',
    ]);
    const clash = contract({
      name: 'clash',
      version: '1.0.0',
      title: 'Clash',
      purpose: 'Names two schemas alike.',
      operations: {
        get: query({
          summary: 'Gets.',
          scope: 'clash/get',
          input: t.object({ a: t.named('Thing', t.object({})) }),
          output: t.named('Thing', t.object({ b: t.boolean() })),
        }),
      },
    });
    expect(() => openapiOf([clash])).toThrow(/Thing/);
  });

  it('takes the address of its server from the caller', () => {
    expect(openapiOf([shop], { serverUrl: 'https://node.example.org' })['servers']).toMatchObject([
      { url: 'https://node.example.org' },
    ]);
  });

  it('says the same as YAML and as data, also to a reader that takes bare dates for dates', () => {
    const text = derivedFiles(shop, [shop]).get('openapi.yaml')!;
    expect(text).toContain('x-sunset: "2027-01-01"');
    expect(parse(text, { version: '1.1' })).toEqual(JSON.parse(JSON.stringify(openapiOf([shop]))));
    expect(parse(derivedFiles(shop, [shop]).get('openapi.yaml')!)).toEqual(
      JSON.parse(JSON.stringify(openapiOf([shop]))),
    );
  });
});
