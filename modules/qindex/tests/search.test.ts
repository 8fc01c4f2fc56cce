import type { InputOf } from '@anarq/common-schemas';
import fc from 'fast-check';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qindex } from '../src/contract.ts';
import { amongFew } from '../src/busy.ts';
import { matchOf } from '../src/words.ts';

const CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
let node: TestNode;
let ana: Actor;
/** How far the node's clock is ahead: its limit of searches a minute goes by that clock. */
let ahead_ms = 0;

beforeAll(async () => {
  node = await startTestNode({ modules: ['qindex'], now_ms: () => Date.now() + ahead_ms });
  ana = await node.person('ana');
});
afterAll(() => node.close());

const put = (key: string, text?: string, tags: string[] = [], type = 'dataset') =>
  ana.call(qindex.put, { type, key, cid: CID, tags, ...(text === undefined ? {} : { text }) });
/** A search of Ana's, half a second after the one before. */
const answerTo = (input: InputOf<typeof qindex.search>) => {
  ahead_ms += 500;
  return ana.result(qindex.search, input);
};
const search = async (input: InputOf<typeof qindex.search>) => {
  const answer = await answerTo(input);
  if (answer.status === 'error') throw new Error(`${answer.code}: ${answer.message}`);
  return answer.data;
};
const found = async (query: string, type?: string) =>
  (await search({ query, ...(type === undefined ? {} : { type }) })).items.map(
    ({ record }) => record.key,
  );

describe('search', () => {
  it('folds accents and case, and takes the last word for a beginning', async () => {
    await put('aves/pingüinos.csv', 'La evolución del PINGÜINO de Magallanes', ['Ciencia']);
    for (const query of ['pinguino', 'Pingüino', 'evolucion magall', 'CIENCIA', 'pinguinos csv'])
      expect(await found(query)).toEqual(['aves/pingüinos.csv']);
    expect(await found('evolu magallanes')).toEqual([]);
    expect(await found('evolucion condor')).toEqual([]);
  });

  it('ranks a word of the key before a tag, and a tag before the text', async () => {
    await put('rank/c', 'all about quokka here');
    await put('rank/b', 'something else here', ['quokka']);
    await put('rank/quokka', 'something else here');
    expect(await found('quokka')).toEqual(['rank/quokka', 'rank/b', 'rank/c']);
  });

  it('finds what the newest version says, and no longer what an older one said', async () => {
    await put('changing', 'okapi');
    await put('changing', 'gerenuk');
    expect(await found('okapi')).toEqual([]);
    expect(await found('gerenuk')).toEqual(['changing']);
    await put('changing');
    expect(await found('gerenuk')).toEqual([]);
  });

  it('keeps to one type where one is named', async () => {
    await put('typed', 'tapir', [], 'dataset');
    await put('typed', 'tapir', [], 'note');
    expect(await found('tapir')).toHaveLength(2);
    expect(await found('tapir', 'note')).toHaveLength(1);
  });

  it('keeps to one owner where one is named', async () => {
    const ben = await node.person('ben');
    await put('owned', 'dugong');
    await ben.call(qindex.put, { type: 'note', key: 'x', cid: CID, tags: ['dugong'] });
    const of = async (owner: string) =>
      (await ben.call(qindex.search, { query: 'dugong', owner })).items.length;
    expect([await of(ben.did), await of(ana.did)]).toEqual([1, 0]);
  });

  it('refuses a query without a word', async () => {
    for (const query of ['!!!', '" * "', '  '])
      expect(await answerTo({ query })).toMatchObject({ code: 'INPUT_INVALID' });
    expect(await answerTo({ query: '' })).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('takes nothing that is typed for syntax', async () => {
    await put('syntax', 'plain words');
    for (const query of ['plain OR nothing', 'plain NOT words', 'body : plain', '"plain', 'pl* ^'])
      expect((await answerTo({ query })).status).toBe('ok');
    expect(await found('plain OR nothing')).toEqual([]);
    expect(await found('plain) OR (words')).toEqual([]);
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
        async (query) => {
          const answer = await answerTo({ query });
          expect(answer.status === 'ok' ? 'SUCCESS' : answer.code).toMatch(
            /^(SUCCESS|INPUT_INVALID)$/,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('quotes every word it passes on', () => {
    expect(matchOf('Ñandú "1" AND xyz')).toBe('"Ñandú" "1" "AND" "xyz" *');
    expect(matchOf('one two three four five six seven eight nine')).toBe(
      matchOf('one two three four five six seven eight').replace(/ \*$/, ''),
    );
  });

  it('takes no one or two characters for a beginning, however they are written', () => {
    for (const short of ['x', 'xy', 'e\u0301a\u0301'])
      expect(matchOf(`long ${short}`)).toBe(`"long" "${short}"`);
    expect(matchOf('xyz')).toBe('"xyz" *');
  });

  it('runs two at a time of one identity, whatever becomes of them', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = () => amongFew('did:squid:a', () => gate.promise);
    const two = [slow(), slow()];
    const refused = { code: 'RATE_LIMIT_EXCEEDED', details: { retryAfter_ms: 200 } };
    await expect(slow()).rejects.toMatchObject(refused);
    await expect(amongFew('did:squid:b', async () => 'found')).resolves.toBe('found');
    gate.reject(new Error('the store went away'));
    for (const each of two) await expect(each).rejects.toThrow('the store');
    await expect(amongFew('did:squid:a', async () => 'found')).resolves.toBe('found');
  });

  it('answers a third one at once only later', async () => {
    const eager = await node.person('eager');
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => eager.result(qindex.search, { query: 'plain words' })),
    );
    const codes = answers.map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['SUCCESS', 'RATE_LIMIT_EXCEEDED']));
    expect((await eager.result(qindex.search, { query: 'plain words' })).code).toBe('SUCCESS');
  });

  it('pages through every match once, also while others are written', async () => {
    const keys = Array.from({ length: 23 }, (_, i) => `page/${i}`);
    for (const [i, key] of keys.entries()) await put(key, 'capybara '.repeat((i % 5) + 1));
    const seen: string[] = [];
    for (let cursor: string | undefined, at = 0; ; at++) {
      const page = await search({
        query: 'capybara',
        limit: 4,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...page.items.map(({ record }) => record.key));
      if (page.next === undefined) break;
      cursor = page.next;
      await put(`late/${at}`, `nothing like it ${'filler '.repeat(20)}`);
    }
    expect(seen.toSorted()).toEqual(keys.toSorted());
  });

  it('leaves the index of words exactly in step with the records', async () => {
    // FTS5 compares its index with the table of documents, and fails where they differ.
    const check = `INSERT INTO qindex_text (qindex_text, rank) VALUES ('integrity-check', 1)`;
    const postgres = `SELECT 1 AS stray FROM qindex_document WHERE words IS DISTINCT FROM
      qindex_words(key, 'A') || qindex_words(tags, 'B') || qindex_words(body, 'C')`;
    await expect(
      node.store.commit([{ sql: check, postgres, expect: { rows: 0 } }]),
    ).resolves.toBeDefined();
    const strays = await node.store.read(
      `SELECT r.id FROM qindex_record r LEFT JOIN qindex_document d
         ON d.tenant = r.tenant AND d.record_id = r.id
       WHERE (r.removed_ms IS NULL) <> (d.docid IS NOT NULL)`,
    );
    expect(strays).toEqual([]);
  });
});
