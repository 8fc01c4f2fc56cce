import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../src/index.ts';

const root = process.env['Q_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors');
const folder = join(root, 'tlog/merkle');
const present = existsSync(folder);
if (!present) console.warn(`no vectors at ${folder}: the Merkle vector tests are skipped`);

interface Case {
  readonly [field: string]: unknown;
}

function casesIn(kind: string): { name: string; vector: Case }[] {
  return readdirSync(join(folder, kind), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const vector: Case = JSON.parse(readFileSync(path, 'utf8'));
      return { name: relative(folder, path), vector };
    });
}

const bytes = (value: unknown): Uint8Array => Uint8Array.fromBase64(String(value ?? ''));
const number = (value: unknown): number => Number(value);
const proof = (value: unknown): Uint8Array[] => (Array.isArray(value) ? value.map(bytes) : []);

const KINDS: Record<string, { count: number; verify: (c: Case) => boolean }> = {
  inclusion: {
    count: 64,
    verify: (c) =>
      verifyInclusion(
        number(c['leafIdx']),
        number(c['treeSize']),
        bytes(c['leafHash']),
        proof(c['proof']),
        bytes(c['root']),
      ),
  },
  consistency: {
    count: 57,
    verify: (c) =>
      verifyConsistency(
        number(c['size1']),
        number(c['size2']),
        bytes(c['root1']),
        bytes(c['root2']),
        proof(c['proof']),
      ),
  },
  subtreeinclusion: {
    count: 120,
    verify: (c) =>
      verifySubtreeInclusion(
        number(c['leafIdx']),
        number(c['start']),
        number(c['end']),
        bytes(c['leafHash']),
        proof(c['proof']),
        bytes(c['root']),
      ),
  },
  subtreeconsistency: {
    count: 81,
    verify: (c) =>
      verifySubtreeConsistency(
        number(c['start']),
        number(c['end']),
        number(c['size']),
        bytes(c['root1']),
        bytes(c['root2']),
        proof(c['proof']),
      ),
  },
};

describe.skipIf(!present)('the Merkle proof vectors of transparency-dev', () => {
  for (const [kind, { count, verify }] of Object.entries(KINDS)) {
    it(`are all ${count} decided as they say: ${kind}`, () => {
      const cases = casesIn(kind);
      expect(cases).toHaveLength(count);
      const wrong = cases.filter(({ vector }) => verify(vector) === vector['wantErr']);
      expect(wrong.map(({ name }) => name)).toEqual([]);
    });
  }
});
