import { errorCodes, type AnyContract } from '@anarq/common-schemas';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { everything, everyWord } from '../../schemas/tests/everyWord.ts';
import { DERIVED_FOLDERS, derivedFiles, referenceFiles } from '../src/files.ts';
import { DERIVED } from '../src/index.ts';
import { shop } from './shop.ts';

const all: readonly AnyContract[] = [everyWord, shop];
const fileOf = (contract: AnyContract, path: string): string => {
  const text = derivedFiles(contract, all).get(path);
  if (text === undefined) throw new Error(`no ${path}`);
  return text;
};

describe('the derived files of a module', () => {
  it('are the files of the module layout', () => {
    expect([...derivedFiles(shop, all).keys()].toSorted()).toEqual([
      'asyncapi.yaml',
      'compat/matrix.md',
      ...['buy', 'drop'].flatMap((name) => [
        `contracts/${name}.input.schema.json`,
        `contracts/${name}.output.schema.json`,
      ]),
      'contracts/fields.lock.json',
      'contracts/find.input.schema.json',
      'contracts/find.output.schema.json',
      'contracts/schema.graphql',
      'contracts/shop.proto',
      'contracts/touch.input.schema.json',
      'contracts/touch.output.schema.json',
      'docker-compose.yml',
      'events/catalog.md',
      'events/q.shop.sold.v1.event.json',
      'mcp.json',
      'observability/audit.md',
      'observability/metrics.json',
      'openapi.yaml',
      'security/policies.md',
      'storage/map.md',
      'storage/pinning.policy.json',
    ]);
    const folders = [...derivedFiles(shop, all).keys()]
      .filter((path) => path.includes('/'))
      .map((path) => path.split('/')[0]);
    expect(new Set(folders)).toEqual(new Set(DERIVED_FOLDERS));
  });

  it('say at their start that they are derived, end in a newline, and can be parsed', () => {
    for (const [path, text] of [...derivedFiles(everyWord, all), ...referenceFiles(all)]) {
      expect(text.slice(0, 400), path).toContain(DERIVED);
      expect(text.endsWith('\n'), path).toBe(true);
      if (path.endsWith('.json')) expect(() => JSON.parse(text), path).not.toThrow();
      if (/\.ya?ml$/.test(path)) expect(() => parse(text), path).not.toThrow();
    }
  });

  it('are the same each time, and whatever the order of the other contracts', () => {
    const again = derivedFiles(shop, [shop, everyWord]);
    for (const [path, text] of derivedFiles(shop, all)) expect(again.get(path), path).toBe(text);
    expect([...referenceFiles(all)]).toEqual([...referenceFiles(all)]);
  });

  it('hold schemas that stand alone and take a value of every word', () => {
    for (const path of ['contracts/echo.input.schema.json', 'contracts/run.output.schema.json']) {
      const schema = JSON.parse(fileOf(everyWord, path));
      expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
      const { $id: _, ...body } = schema;
      const validator = Compile(body);
      expect(validator.Check(everything)).toBe(true);
      expect(validator.Check({ ...everything, tree: { value: 'a', children: [{}] } })).toBe(false);
      const refs = [...JSON.stringify(schema).matchAll(/"\$ref":"([^"]+)"/g)].map((m) => m[1]);
      expect(new Set(refs)).toEqual(new Set(['#/$defs/Tree']));
    }
    expect(JSON.parse(fileOf(shop, 'contracts/buy.input.schema.json')).$id).toBe(
      'urn:q:shop:buy:input:v2',
    );
    const event = JSON.parse(fileOf(everyWord, 'events/q.everyword.echoed.v1.event.json'));
    expect(event).toMatchObject({
      $id: 'urn:q:everyword:event:q.everyword.echoed.v1',
      'x-subject': 'id',
    });
    expect(fileOf(everyWord, 'asyncapi.yaml')).toContain(event.$id);
  });

  it('state the policy of each operation', () => {
    const text = fileOf(shop, 'security/policies.md');
    for (const op of Object.values(shop.operations)) {
      expect(text).toContain(`## ${op.id}`);
      expect(text).toContain(`\`${op.command}\``);
    }
    expect(text).toContain('at most `maxPrice` in `unit`');
    expect(text).toContain('May call, as its steps: `everyword.echo`');
    expect(text).toContain('60 calls a minute');
  });

  it('state what is kept, sealed and pinned', () => {
    expect(fileOf(shop, 'storage/map.md')).toContain(
      '| `item` | P2Y | DELETE | TEMPORARY | 2 | HOT |',
    );
    expect(fileOf(shop, 'storage/map.md')).toContain('| `shop.buy.input.note` | personal |');
    expect(fileOf(everyWord, 'storage/map.md')).toContain(
      '| `everyword.echo.input.blob` | secret |',
    );
    expect(JSON.parse(fileOf(shop, 'storage/pinning.policy.json')).policies).toEqual([
      {
        resourceType: 'item',
        pinningStrategy: 'TEMPORARY',
        replicationFactor: 2,
        accessPattern: 'HOT',
      },
    ]);
  });

  it('state what is recorded and measured', () => {
    const audit = fileOf(shop, 'observability/audit.md');
    expect(audit).toMatch(/`shop\.buy` \| each call, in its commit/);
    expect(audit).toMatch(/`shop\.find` \| denials only/);
    const { metrics, slo } = JSON.parse(fileOf(shop, 'observability/metrics.json'));
    expect(slo.operations['shop.find']).toEqual(shop.find.slo);
    for (const border_ms of Object.values(shop.find.slo))
      expect(metrics[1].buckets_s).toContain(border_ms / 1_000);
  });

  it('state what the module needs, and who needs it', () => {
    const needs = fileOf(shop, 'compat/matrix.md');
    expect(needs).toContain('| `everyword` | 1.2.3 | `everyword.echo` |');
    expect(needs).toContain('| `shop.drop` | 2027-01-01 |');
    expect(fileOf(everyWord, 'compat/matrix.md')).toContain(
      '| `shop` | 2.1.0 | `everyword.echo` |',
    );
    expect(derivedFiles(shop, [shop]).get('compat/matrix.md')).toContain('not on this node');
  });

  it('start the node on the loopback alone, checked for health, with a volume and no secret', () => {
    const { services, volumes } = parse(fileOf(shop, 'docker-compose.yml'));
    expect(services.node.ports).toEqual(['127.0.0.1:8080:8080']);
    expect(services.node.command).toMatch(/^\.\/q up /);
    expect(services.node.healthcheck.test.join(' ')).toContain('/health');
    expect(volumes).toHaveProperty('data');
    expect(services.node).not.toHaveProperty('environment');
  });
});

describe('the reference', () => {
  it('lists every error with what to do, and every operation', () => {
    const files = referenceFiles(all);
    for (const code of errorCodes) expect(files.get('errors.md')).toContain(`| \`${code}\` |`);
    for (const contract of all)
      for (const op of Object.values(contract.operations))
        expect(files.get('operations.md')).toContain(`| \`${op.id}\` |`);
  });
});
