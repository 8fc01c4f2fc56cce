import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { verdictOf } from '../check.ts';
import type { Verdict } from '../check.ts';
import { projectFiles, textOf } from '../files.ts';

/** Lines that look like a secret and are none: SHA-256 of the trimmed line, a tab, and why. */
export const allowListPath = 'apps/cli/src/test/secrets-allowed.tsv';

const shapes: ReadonlyArray<readonly [what: string, shape: RegExp]> = [
  ['a private key', /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/],
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a GitHub token', /\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{40}/],
  ['a GitLab token', /\bglpat-[A-Za-z0-9_-]{20}/],
  ['a Slack token', /\bxox[abeprs]-[A-Za-z0-9-]{20}/],
  ['an API key', /\bsk-[A-Za-z0-9_-]{32}|\b[rs]k_live_[A-Za-z0-9]{20}/],
  ['a Google key', /\bAIza[0-9A-Za-z_-]{35}/],
  ['an npm token', /\bnpm_[A-Za-z0-9]{36}/],
  ['a Hugging Face token', /\bhf_[A-Za-z0-9]{34}/],
  ['a signed token', /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}/],
  ['a password in an address', /\b[a-z][a-z0-9+]+:\/\/[^\s:@/'"`$]+:[^\s:@/'"`$]{6,}@[^\s/]/i],
  ['a path of one machine', /(?:^|[\s"'`=(:,[])\/(?:work|root|farm)\/[\w.]/],
  ['a path of one machine', /(?:^|[\s"'`=(:,[])\/(?:home|Users)\/(?!you\/|user\/|node\/)[\w.-]+\//],
  ['the host of a registry', /\bregistry\.[a-z0-9-]+\.[a-z]{2,}\b/i],
];

const assignment =
  /(?:secret|token|passw(?:or)?d|passphrase|api_?key|private_?key|credential|seed)\w*['"`]?\s*[:=]\s*['"`]([\w+/=.~-]{20,})['"`]/gi;

/**
 * What on a line looks like a secret, or like something of one machine.
 *
 * @returns what it looks like, or undefined.
 */
export function suspicion(line: string): string | undefined {
  for (const [what, shape] of shapes) if (shape.test(line)) return what;
  for (const [, value = ''] of line.matchAll(assignment)) {
    if (looksRandom(value)) return 'a secret assigned in the source';
  }
  return undefined;
}

/** Words have few bits a character; keys come near the 4 of hexadecimal or the 6 of base64. */
function looksRandom(value: string): boolean {
  if (!/[0-9]/.test(value) || !/[A-Za-z]/.test(value)) return false;
  const threshold_bits = /^[0-9a-f]+$/i.test(value) ? 3 : 3.7;
  return entropyPerCharacter_bits(value) >= threshold_bits;
}

/** Shannon, A Mathematical Theory of Communication (1948), over the characters of the text. */
function entropyPerCharacter_bits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}

/** SHA-256 in hexadecimal of a line without the spaces around it: its key in the allow list. */
export function lineDigestHex(line: string): string {
  return createHash('sha256').update(line.trim()).digest('hex');
}

/**
 * Looks at every line of every text file of the project under `root`. A row of the allow list that
 * no line needs any more is a problem too.
 */
export async function checkSecrets(root: string): Promise<Verdict> {
  const allowed = await readAllowList(root);
  const needed = new Set<string>();
  const problems: string[] = [];
  for (const path of await projectFiles(root)) {
    const text = await textOf(join(root, path));
    for (const [index, line] of (text ?? '').split('\n').entries()) {
      const what = suspicion(line);
      if (what === undefined) continue;
      const digestHex = lineDigestHex(line);
      needed.add(digestHex);
      if (!allowed.has(digestHex)) {
        problems.push(`${path}:${index + 1}: looks like ${what} (line ${digestHex})`);
      }
    }
  }
  for (const digestHex of allowed) {
    if (!needed.has(digestHex)) problems.push(`${allowListPath}: no line needs ${digestHex}`);
  }
  if (problems.length > 0) {
    problems.push(`Take it out; a line that is harmless gets a row in ${allowListPath}.`);
  }
  return verdictOf(problems);
}

async function readAllowList(root: string): Promise<Set<string>> {
  const text = (await textOf(join(root, allowListPath))) ?? '';
  const digests = text.split('\n').map((row) => row.split('\t')[0] ?? '');
  return new Set(digests.filter((digest) => /^[0-9a-f]{64}$/.test(digest)));
}
