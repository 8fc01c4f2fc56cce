import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTemplate, run, TemplateError, type Posting } from '../src/index.ts';
import { completed, outcomeOf } from './support.ts';
import { ACCOUNTS, drawn, SINKS, type Drawn } from './templates.ts';

const sumOf = (postings: readonly Posting[]): bigint =>
  postings.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);

/** Whether the text is a template: one that sends all from portions or without an end is not. */
const isRead = ({ text }: Drawn): boolean => {
  try {
    parseTemplate(text);
    return true;
  } catch (error) {
    if (error instanceof TemplateError) return false;
    throw error;
  }
};

const readable = drawn.filter(isRead);

describe('whatever a template says', () => {
  it('gives to destinations what it took from sources, and no unit else', () => {
    let compared = 0;
    fc.assert(
      fc.property(readable, ({ text, balances, sentMinor, keeps }) => {
        const outcome = outcomeOf(text, { balances });
        if (!outcome.ok) return;
        compared += 1;
        for (const { source, destination, asset, amountMinor } of outcome.postings) {
          expect(ACCOUNTS).toContain(source);
          expect(SINKS).toContain(destination);
          expect(asset).toBe('USD');
          expect(amountMinor).toBeGreaterThan(0n);
        }
        if (sentMinor === 'all') return;
        const given = sumOf(outcome.postings);
        if (keeps) expect(given).toBeLessThanOrEqual(sentMinor);
        else expect(given).toBe(sentMinor);
      }),
      { numRuns: 1_000 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  it('takes no more than a balance and its overdraft', () => {
    let taken = 0;
    fc.assert(
      fc.property(readable, ({ text, balances, overdrafts }) => {
        const outcome = outcomeOf(text, { balances });
        if (!outcome.ok) return;
        for (const account of ACCOUNTS) {
          const overdraft = overdrafts.get(account) ?? 0n;
          const spent = sumOf(outcome.postings.filter(({ source }) => source === account));
          if (spent === 0n || overdraft === 'unbounded') continue;
          taken += 1;
          expect((balances[`${account} USD`] ?? 0n) - spent).toBeGreaterThanOrEqual(-overdraft);
        }
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  it('leaves what is saved', () => {
    let taken = 0;
    fc.assert(
      fc.property(readable, fc.bigInt({ min: 0n, max: 50n }), (template, savedMinor) => {
        const { balances, overdrafts } = template;
        const text = `save [USD ${savedMinor}] from @a ${template.text}`;
        const outcome = outcomeOf(text, { balances });
        const overdraft = overdrafts.get('a') ?? 0n;
        if (!outcome.ok || overdraft === 'unbounded') return;
        const spent = sumOf(outcome.postings.filter(({ source }) => source === 'a'));
        if (spent === 0n) return;
        taken += 1;
        expect((balances['a USD'] ?? 0n) - spent).toBeGreaterThanOrEqual(savedMinor - overdraft);
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(10);
  });

  it('is refused for missing funds only where they are missing', () => {
    let refused = 0;
    fc.assert(
      fc.property(readable, ({ text, balances }) => {
        const outcome = outcomeOf(text, { balances });
        if (outcome.ok) return;
        expect(outcome.refusal.reason).toBe('missing-funds');
        if (outcome.refusal.reason !== 'missing-funds') return;
        refused += 1;
        const { neededMinor, availableMinor } = outcome.refusal;
        expect(availableMinor).toBeLessThan(neededMinor);
        expect(availableMinor).toBeGreaterThanOrEqual(0n);
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(20);
  });

  it('says the same again', () => {
    fc.assert(
      fc.property(readable, ({ text, balances }) => {
        expect(outcomeOf(text, { balances })).toEqual(outcomeOf(text, { balances }));
      }),
      { numRuns: 200 },
    );
  });

  it('reads each balance once', () => {
    fc.assert(
      fc.property(readable, ({ text, balances }) => {
        const reads: string[] = [];
        run(parseTemplate(text), {
          balances: (account, asset) => {
            reads.push(account);
            return balances[`${account} ${asset}`] ?? 0n;
          },
        });
        expect(reads.length).toBe(new Set(reads).size);
      }),
      { numRuns: 200 },
    );
  });
});

describe('portions', () => {
  const weights = fc
    .array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: 1, maxLength: 12 })
    .filter((all) => all.some((weight) => weight > 0n));

  it('are within a unit of the exact quota, top first, and add up to the whole', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 127n - 1n }), weights, (total, all) => {
        const sum = all.reduce((a, b) => a + b, 0n);
        const parts = all.map((weight, index) => `${weight}/${sum} to @d${index}`);
        const result = completed(
          `send [USD ${total}] ( source = @world destination = { ${parts.join(' ')} } )`,
        );
        expect(sumOf(result.postings)).toBe(total);
        const shares = new Map(result.postings.map((p) => [p.destination, p.amountMinor]));
        const extras = all.map((weight, index) => {
          const share = shares.get(`d${index}`) ?? 0n;
          return weight === 0n ? undefined : share - (total * weight) / sum;
        });
        for (const [index, extra] of extras.entries())
          if (extra === undefined) expect(shares.get(`d${index}`)).toBeUndefined();
        const units = extras.filter((extra) => extra !== undefined);
        // Ones first, zeros after: what is left goes from the top.
        expect(units).toEqual(units.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
        expect(units.every((unit) => unit === 0n || unit === 1n)).toBe(true);
      }),
    );
  });
});
