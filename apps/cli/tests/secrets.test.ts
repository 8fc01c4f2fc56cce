import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import {
  allowListPath,
  checkSecrets,
  lineDigestHex,
  suspicion,
} from '../src/test/checks/secrets.ts';
import { withFiles } from './withFiles.ts';

// Put together at run time, so that this file holds none of them.
const letters = createHash('sha512')
  .update('no secret')
  .digest('base64url')
  .replaceAll(/[-_]/g, 'x');
const hex = createHash('sha256').update('no secret').digest('hex');
const dashes = '-'.repeat(5);
const planted: ReadonlyArray<readonly [string, string]> = [
  ['a private key', `${dashes}BEGIN ${'PRIVATE'} KEY${dashes}`],
  ['an encrypted private key', `${dashes}BEGIN ENCRYPTED ${'PRIVATE'} KEY${dashes}`],
  ['an AWS key', `id: ${'AKIA'}${'ABCDEFGH'}12345678`],
  ['a GitHub token', `${'ghp'}_${letters.slice(0, 36)}`],
  ['an npm token', `//host/:_authToken=${'npm'}_${letters.slice(0, 36)}`],
  ['an API key', `OPENAI=${'sk'}-${letters.slice(0, 40)}`],
  [
    'a signed token',
    `${'eyJ'}${letters.slice(0, 20)}.${'eyJ'}${letters.slice(0, 20)}.${letters.slice(0, 43)}`,
  ],
  ['a password in an address', `postgres://app:${letters.slice(0, 12)}@db.example/app`],
  ['a random secret', `const client${'Secret'} = '${letters.slice(0, 32)}';`],
  ['a random hexadecimal seed', `"${'seed'}": "${hex}"`],
  ['a path of one machine', `see ${'/work'}/main/x.ts`],
  ['a home folder', `'${'/home'}/somebody/x.ts'`],
  ['a registry', `"resolved": "https://${'registry'}.npmjs.org/x"`],
];

describe('the secret scan', () => {
  it.each(planted)('finds %s', (_what, line) => {
    expect(suspicion(line)).toBeDefined();
  });

  it.each([
    "const token = readToken('/etc/q/token');",
    "const passphrase = 'correct horse battery staple';",
    'const seedHex = deriveSeed(root, label);',
    `const digestHex = '${hex}';`,
    "apiKey: 'your-api-key-goes-here'",
    `https://example.com${'/work'}/item`,
    'GET /homework/list',
    'postgres://127.0.0.1:5432/postgres',
  ])('leaves %s alone', (line) => {
    expect(suspicion(line)).toBeUndefined();
  });

  it('names file, line and digest, and passes once the digest is on the allow list', async () => {
    const line = `  const client${'Secret'} = '${letters.slice(0, 32)}';`;
    const files = { 'src/a.ts': `// first\n${line}\n` };
    const found = await withFiles(files, checkSecrets);
    expect(found.failed).toBe(1);
    expect(found.output).toContain('src/a.ts:2');
    expect(found.output).toContain(lineDigestHex(line));
    const row = `${lineDigestHex(line)}\ta test value\n`;
    const allowed = await withFiles({ ...files, [allowListPath]: row }, checkSecrets);
    expect(allowed, allowed.output).toMatchObject({ passed: 1, failed: 0 });
  });

  it('asks for an allow list without rows that no line needs', async () => {
    const verdict = await withFiles({ [allowListPath]: `${hex}\told\n` }, checkSecrets);
    expect(verdict.output).toContain(`no line needs ${hex}`);
  });
});
