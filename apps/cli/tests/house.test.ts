import { describe, expect, it } from 'vitest';

import { checkImports, checkPurity } from '../src/test/checks/house.ts';
import { importRefusal } from '../src/test/house/floors.ts';
import { withFiles } from './withFiles.ts';

const packages = new Map(
  [
    ['common-schemas', 'packages/schemas'],
    ['common-clients', 'packages/clients'],
    ...['derive', 'kernel', 'store', 'log', 'crypto', 'surfaces', 'testing'].map((name) => [
      name,
      `packages/${name}`,
    ]),
    ...['authority', 'tlog'].map((name) => [name, `engines/${name}`]),
    ...['qwallet', 'squid'].map((name) => [name, `modules/${name}`]),
    ...['node', 'cli'].map((name) => [name, `apps/${name}`]),
  ].map(([name, folder]) => [`@anarq/${name}`, folder] as [string, string]),
);

describe('the floors of the house', () => {
  it.each([
    ['packages/kernel/src/a.ts', '@anarq/store'],
    ['packages/log/src/a.ts', '@anarq/tlog'],
    ['packages/log/src/a.ts', '@anarq/store'],
    ['packages/derive/src/a.ts', '@anarq/common-schemas'],
    ['packages/clients/src/a.ts', '@anarq/authority'],
    ['packages/clients/src/a.ts', '@anarq/crypto'],
    ['packages/surfaces/src/a.ts', '@anarq/kernel'],
    ['engines/tlog/src/a.ts', '@anarq/authority'],
    ['engines/tlog/src/a.ts', 'node:crypto'],
    ['engines/tlog/src/a.ts', 'multiformats/cid'],
    ['engines/tlog/tests/a.test.ts', 'node:fs'],
    ['modules/qwallet/src/a.ts', '@anarq/kernel'],
    ['modules/qwallet/src/a.ts', '@anarq/squid/contract'],
    ['modules/qwallet/tests/a.test.ts', '@anarq/testing'],
    ['modules/qwallet/tests/a.test.ts', '../src/module.ts'],
    ['packages/kernel/tests/a.test.ts', '@anarq/testing'],
    ['packages/kernel/src/a.ts', './b.ts'],
    ['packages/derive/tests/a.test.ts', '../../schemas/tests/everyWord.ts'],
    ['apps/node/src/main.ts', '@anarq/qwallet'],
    ['apps/node/src/main.ts', '@anarq/surfaces'],
    ['apps/cli/src/main.ts', '@anarq/node'],
    ['tests/journey.test.ts', '@anarq/qwallet/contract'],
    ['bench/ledger/server.ts', '@anarq/qwallet/engine'],
    ['tests/a.services.test.ts', '../bench/ledger/peer.ts'],
  ])('let %s import %s', (from, specifier) => {
    expect(importRefusal(from, specifier, packages)).toBeUndefined();
  });

  it.each([
    ['packages/store/src/a.ts', '@anarq/kernel', 'may not import packages/kernel'],
    ['packages/schemas/src/a.ts', '@anarq/derive', 'may not import'],
    ['packages/derive/src/a.ts', '@anarq/tlog', 'may not import'],
    ['packages/clients/src/a.ts', '@anarq/kernel', 'may not import'],
    ['packages/clients/src/a.ts', '@anarq/tlog', 'may not import'],
    ['packages/kernel/src/a.ts', '@anarq/surfaces', 'may not import'],
    ['packages/kernel/src/a.ts', '@anarq/qwallet/contract', 'below the modules'],
    ['packages/kernel/src/a.ts', '@anarq/testing', 'for tests only'],
    ['packages/surfaces/src/a.ts', '@anarq/qwallet/contract', 'knows no module'],
    ['packages/kernel/src/a.ts', '../../store/src/index.ts', 'by its name'],
    ['packages/kernel/tests/a.test.ts', '@anarq/qwallet', "module's implementation"],
    ['packages/derive/src/a.ts', '../../schemas/tests/everyWord.ts', 'by its name'],
    ['packages/kernel/tests/a.test.ts', '../../store/src/index.ts', 'by its name'],
    ['packages/nobody/src/a.ts', '@anarq/store', 'has no floor'],
    ['engines/tlog/src/a.ts', '@anarq/store', 'may not import'],
    ['engines/tlog/src/a.ts', 'node:fs', 'no I/O'],
    ['engines/tlog/src/a.ts', 'fs', 'no I/O'],
    ['engines/tlog/src/a.ts', 'node:timers/promises', 'no I/O'],
    ['modules/qwallet/src/a.ts', '@anarq/squid', "module's implementation"],
    ['modules/qwallet/src/a.ts', '../../squid/src/contract.ts', 'by its name'],
    ['modules/qwallet/src/a.ts', '@anarq/surfaces', 'may not import'],
    ['modules/qwallet/tests/a.test.ts', '../../../bench/ledger/peer.ts', 'by its name'],
    ['apps/cli/src/main.ts', '@anarq/qwallet', "module's implementation"],
    ['bench/ledger/server.ts', '@anarq/qwallet', "module's implementation"],
    ['tests/journey.test.ts', '@anarq/qwallet/engine', "module's implementation"],
  ])('do not let %s import %s', (from, specifier, why) => {
    expect(importRefusal(from, specifier, packages)).toContain(why);
  });
});

const manifest = (name: string): string =>
  JSON.stringify({ name: `@anarq/${name}`, exports: { '.': './src/index.ts' } });

describe('the import check', () => {
  const house = {
    'engines/tlog/package.json': manifest('tlog'),
    'packages/kernel/package.json': manifest('kernel'),
    'engines/tlog/src/index.ts': 'export const one = 1;\n',
    'packages/kernel/src/index.ts': "export { one } from '@anarq/tlog';\n",
  };

  it('passes a house in which every import goes down', async () => {
    const verdict = await withFiles(house, checkImports);
    expect(verdict).toMatchObject({ passed: 1, failed: 0 });
  });

  it.each([
    ['an import', "import { one } from '@anarq/kernel';\nexport const two = one;\n"],
    ['a type import', "import type { one } from '@anarq/kernel';\nexport type Two = typeof one;\n"],
    ['an export', "export * from '@anarq/kernel';\n"],
    ['a late import', "export const two = () => import('@anarq/kernel');\n"],
    ['an import in a type', "export type Two = import('@anarq/kernel').Three;\n"],
  ])('finds %s that goes up', async (_what, source) => {
    const verdict = await withFiles({ ...house, 'engines/tlog/src/up.ts': source }, checkImports);
    expect(verdict).toMatchObject({ passed: 0, failed: 1 });
    expect(verdict.output).toContain('engines/tlog may not import packages/kernel');
  });

  it('finds a circle, of types too', async () => {
    const circle = {
      ...house,
      'engines/tlog/src/a.ts': "import { b } from './b.ts';\nexport const a = b;\n",
      'engines/tlog/src/b.ts':
        "import type { C } from './c.ts';\nexport const b: C | number = 1;\n",
      'engines/tlog/src/c.ts': "import type { a } from './a.ts';\nexport type C = typeof a;\n",
    };
    const verdict = await withFiles(circle, checkImports);
    expect(verdict.failed).toBe(1);
    expect(verdict.output).toContain('cycle');
  });
});

describe('the purity check of engines', () => {
  it('passes pure code, and leaves tests and other packages alone', async () => {
    const verdict = await withFiles(
      {
        'engines/tlog/src/index.ts':
          "import { createHash } from 'node:crypto';\n" +
          "export const digest = (x: string, Date_ms: number) => createHash('sha256').update(x + Date_ms);\n",
        'engines/tlog/tests/index.test.ts': 'export const now = Date.now();\n',
        'packages/store/src/index.ts': 'export const now = async () => Date.now();\n',
      },
      checkPurity,
    );
    expect(verdict, verdict.output).toMatchObject({ passed: 1, failed: 0 });
  });

  it.each([
    'Date.now()',
    'new Date(0)',
    'performance.now()',
    'Math.random()',
    "Math['random']()",
    'setTimeout(() => 1, 1)',
    'queueMicrotask(() => 1)',
    'process.env',
    'globalThis.Date',
    'crypto.randomUUID()',
    "fetch('x')",
    'Promise.resolve(1)',
    'async () => 1',
    'await one',
  ])('finds %s', async (expression) => {
    const source = `export const one = 1;\nexport const two = ${expression};\n`;
    const verdict = await withFiles({ 'engines/tlog/src/index.ts': source }, checkPurity);
    expect(verdict.failed).toBe(1);
    expect(verdict.output).toContain('engines/tlog/src/index.ts');
  });

  it.each([
    "import { randomBytes } from 'node:crypto';\nexport const two = randomBytes(2);\n",
    "import * as all from 'node:crypto';\nexport const two = all.randomBytes(2);\n",
    "import whole from 'node:crypto';\nexport const two = whole.randomBytes(2);\n",
  ])('finds randomness taken by %s', async (source) => {
    const verdict = await withFiles({ 'engines/tlog/src/index.ts': source }, checkPurity);
    expect(verdict.failed).toBe(1);
    expect(verdict.output).toContain('no randomness');
  });
});
