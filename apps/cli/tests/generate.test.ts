import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { contract, query, t } from '@anarq/common-schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findContracts, generate } from '../src/generate.ts';

const tiny = (operation: string, topic = 'q.tiny.done.v1') =>
  contract({
    name: 'tiny',
    version: '1.0.0',
    title: 'Tiny',
    purpose: 'Has one operation.',
    operations: {
      [operation]: query({
        summary: 'Answers.',
        scope: 'tiny/read',
        input: t.object({}),
        output: t.object({}),
      }),
    },
    events: { [topic]: { summary: 'Done.', schema: t.object({}) } },
  });

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'q-generate-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (path: string): string => join(root, path);

describe('generate', () => {
  it('writes what is missing once, and then finds nothing stale', async () => {
    const first = await generate({ check: false, root, contracts: [tiny('read')] });
    expect(first.stale).toContain('modules/tiny/openapi.yaml');
    expect(first.stale).toContain('docs/reference/errors.md');
    expect(first.stale).toHaveLength(first.checked);
    expect(readFileSync(at('modules/tiny/openapi.yaml'), 'utf8')).toContain('/tiny/read');
    const second = await generate({ check: true, root, contracts: [tiny('read')] });
    expect(second).toEqual({ stale: [], removed: [], checked: first.checked });
  });

  it('with check names what is stale and changes nothing', async () => {
    await generate({ check: false, root, contracts: [tiny('read')] });
    writeFileSync(at('modules/tiny/mcp.json'), 'edited by hand');
    rmSync(at('modules/tiny/storage/map.md'));
    const { stale } = await generate({ check: true, root, contracts: [tiny('read')] });
    expect(stale).toEqual(['modules/tiny/mcp.json', 'modules/tiny/storage/map.md']);
    expect(readFileSync(at('modules/tiny/mcp.json'), 'utf8')).toBe('edited by hand');
    await generate({ check: false, root, contracts: [tiny('read')] });
    expect(await generate({ check: true, root, contracts: [tiny('read')] })).toMatchObject({
      stale: [],
    });
  });

  it('removes derived files that no contract yields any more, and nothing that a person wrote', async () => {
    await generate({ check: false, root, contracts: [tiny('read', 'q.tiny.old.v1')] });
    writeFileSync(at('modules/tiny/observability/dashboard.json'), '{}');
    mkdirSync(at('modules/tiny/src'));
    writeFileSync(at('modules/tiny/src/contract.ts'), 'export {};');
    const gone = [
      'modules/tiny/contracts/read.input.schema.json',
      'modules/tiny/contracts/read.output.schema.json',
      'modules/tiny/events/q.tiny.old.v1.event.json',
    ];
    const dry = await generate({ check: true, root, contracts: [tiny('get')] });
    expect(dry.removed).toEqual(gone);
    expect(dry.stale).toEqual(expect.arrayContaining(gone));
    expect(existsSync(at(gone[0]!))).toBe(true);
    const { removed } = await generate({ check: false, root, contracts: [tiny('get')] });
    expect(removed).toEqual(gone);
    for (const path of gone) expect(existsSync(at(path)), path).toBe(false);
    expect(existsSync(at('modules/tiny/observability/dashboard.json'))).toBe(true);
    expect(existsSync(at('modules/tiny/src/contract.ts'))).toBe(true);
  });
});

describe('the contracts of a repository', () => {
  const schemas = pathToFileURL(
    join(import.meta.dirname, '../../../packages/schemas/src/index.ts'),
  ).href;
  const write = (folder: string, source: string): void => {
    mkdirSync(at(`modules/${folder}/src`), { recursive: true });
    writeFileSync(at(`modules/${folder}/src/contract.ts`), source);
  };
  const source = (name: string): string =>
    `import { contract } from '${schemas}';
     export const helper = 1;
     export const ${name} = contract({ name: '${name}', version: '1.0.0', title: 'T', purpose: 'P.', operations: {} });`;

  it('are found in the modules whatever their export is called, in order', async () => {
    write('second', source('second'));
    write('first', source('first'));
    mkdirSync(at('modules/empty'), { recursive: true });
    expect((await findContracts(root)).map((found) => found.name)).toEqual(['first', 'second']);
    expect((await generate({ check: false, root })).stale).toContain('modules/first/mcp.json');
  });

  it('are refused where a file exports none, or one of another name', async () => {
    write('nothing', 'export const nothing = 1;');
    await expect(findContracts(root)).rejects.toThrow(/exports no contract/);
    rmSync(at('modules/nothing'), { recursive: true });
    write('other', source('first'));
    await expect(findContracts(root)).rejects.toThrow(/named first/);
  });

  it('leave no derived file behind in a module that has none any more', async () => {
    write('first', source('first'));
    await generate({ check: false, root });
    rmSync(at('modules/first/src'), { recursive: true });
    const { removed } = await generate({ check: false, root });
    expect(removed).toContain('modules/first/openapi.yaml');
    expect(existsSync(at('modules/first/openapi.yaml'))).toBe(false);
  });
});
