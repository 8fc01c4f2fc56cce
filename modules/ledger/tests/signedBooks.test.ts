import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTransfersNote } from '@anarq/ledger-engine';
import { parseVkey } from '@anarq/tlog';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Books } from '../src/books/books.ts';
import { accountRecords } from '../src/books/requests.ts';

const [FIRST, SECOND] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

describe('checkpoints of books whose root key was changed', () => {
  let folder: string;
  const problems: unknown[] = [];
  beforeEach(async () => {
    problems.length = 0;
    folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = (...secrets: Uint8Array[]): Promise<Books> =>
    Books.open({
      folder: join(folder, 'books'),
      now_ms: () => 1_700_000_000_000,
      read: async () => [],
      commit: async () => undefined,
      origin: 'q/test',
      secrets: () => secrets,
      onError: (error) => problems.push(error),
    });
  const signedText = () => readFile(join(folder, 'books', 'checkpoint'), 'utf8');
  const noteOf = async () => (await signedText()).split('\n===\n')[0] ?? '';

  it('are signed again at the next start, and hold when the key before is forgotten', async () => {
    const first = await open(FIRST);
    const request = { id: 'till', unit: 'EUR', code: 1, flags: 0 };
    await first.createAccounts(accountRecords('t', 'did:test:a', [request]), new Uint8Array(32));
    await first.signed.covering(0);
    await first.close();
    const second = await open(SECOND, FIRST);
    const vkey = parseVkey(second.signed.vkey);
    await expect.poll(async () => readTransfersNote(await noteOf(), vkey)?.size).toBe(0);
    await second.close();
    const third = await open(SECOND);
    expect((await third.signed.covering(0)).position.events).toBe(0);
    await third.close();
    expect(problems).toEqual([]);
  });

  it('of a key that nobody knows any more are told of, and not passed over', async () => {
    const first = await open(FIRST);
    const request = { id: 'till', unit: 'EUR', code: 1, flags: 0 };
    await first.createAccounts(accountRecords('t', 'did:test:a', [request]), new Uint8Array(32));
    await first.signed.covering(0);
    await first.close();
    const before = await signedText();
    const second = await open(SECOND);
    await expect(second.signed.covering(0)).rejects.toThrow('key');
    await second.close();
    expect(problems).toHaveLength(1);
    expect(await signedText()).toBe(before);
  });
});
