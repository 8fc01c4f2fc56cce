import { describe, expect, it } from 'vitest';

import { checkLicences, licenceAllowed } from '../src/test/checks/licences.ts';
import { withFiles } from './withFiles.ts';

describe('the licence rule', () => {
  it.each(['MIT', '(MIT OR GPL-3.0)', 'MIT AND ISC', '(GPL-3.0 OR (MIT AND 0BSD))'])(
    'allows %s everywhere',
    (expression) => expect(licenceAllowed(expression, false)).toBe(true),
  );

  it.each(['GPL-3.0', 'MIT AND GPL-3.0', 'UNLICENSED', '', 'MIT ISC', '(MIT', 'MPL-2.0'])(
    'refuses %j in what is shipped',
    (expression) => expect(licenceAllowed(expression, false)).toBe(false),
  );

  it('allows weak copyleft in tools', () => {
    expect(licenceAllowed('MPL-2.0', true)).toBe(true);
    expect(licenceAllowed('AGPL-3.0', true)).toBe(false);
  });
});

const root = { dependencies: { kind: '1.0.0' }, devDependencies: { tool: '1.0.0' } };
const locked = (packages: object): string =>
  JSON.stringify({ lockfileVersion: 3, packages: { '': root, ...packages } });
const files = {
  'package.json': JSON.stringify(root),
  'package-lock.json': locked({
    'node_modules/kind': { version: '1.0.0' },
    'node_modules/tool': { version: '1.0.0', dev: true },
  }),
  'node_modules/kind/package.json': JSON.stringify({ license: 'MIT' }),
  'node_modules/tool/package.json': JSON.stringify({ license: 'MPL-2.0' }),
};

describe('the licence check', () => {
  it('passes where every package carries an allowed licence', async () => {
    const verdict = await withFiles(files, checkLicences);
    expect(verdict, verdict.output).toMatchObject({ passed: 1, failed: 0 });
  });

  it('knows the licence fields of old packages', async () => {
    const old = JSON.stringify({ licenses: [{ type: 'MIT' }, { type: 'GPL-2.0' }] });
    const verdict = await withFiles(
      { ...files, 'node_modules/kind/package.json': old },
      checkLicences,
    );
    expect(verdict.failed).toBe(0);
  });

  it.each([
    ['a licence that is not allowed', '{"license":"SSPL-1.0"}', 'SSPL-1.0 is not allowed'],
    ['no licence at all', '{}', 'says no licence'],
  ])('names a package with %s', async (_what, manifest, message) => {
    const verdict = await withFiles(
      { ...files, 'node_modules/kind/package.json': manifest },
      checkLicences,
    );
    expect(verdict.failed).toBe(1);
    expect(verdict.output).toContain(`node_modules/kind: ${message}`);
  });

  it('takes the word of the lock file only for a binary of another platform', async () => {
    const other = { version: '1.0.0', optional: true, license: 'GPL-3.0' };
    const verdict = await withFiles(
      {
        ...files,
        'package-lock.json': locked({ 'node_modules/other': other, 'node_modules/gone': {} }),
      },
      checkLicences,
    );
    expect(verdict.output).toContain('node_modules/other: GPL-3.0 is not allowed');
    expect(verdict.output).toContain('node_modules/gone: says no licence');
  });

  it('fails where a package.json asks for something the lock file does not record', async () => {
    const changed = JSON.stringify({ ...root, dependencies: { kind: '2.0.0' } });
    const verdict = await withFiles({ ...files, 'package.json': changed }, checkLicences);
    expect(verdict.output).toContain('dependencies differ from package-lock.json');
  });
});
