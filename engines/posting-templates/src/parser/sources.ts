import { TemplateError } from '../error.ts';
import { SCALES } from '../limits.ts';
import type { Expression, Share, Source } from '../template.ts';
import type { Cursor } from './cursor.ts';
import { ofType, readExpression, readTyped } from './expressions.ts';
import { readShares } from './shares.ts';

/** Where funds come from. */
export function readSource(cursor: Cursor): Source {
  return cursor.nested(() => {
    const { place } = cursor.peek();
    cursor.countSource(place);
    if (cursor.accept('max')) {
      const cap = readTyped(cursor, 'monetary');
      cursor.expect('from');
      return { kind: 'capped', cap, source: readSource(cursor), place };
    }
    if (cursor.accept('oneof')) {
      cursor.expect('{');
      const sources = readSourcesToEnd(cursor, [readSource(cursor)]);
      return { kind: 'one-of', sources, place };
    }
    if (cursor.accept('{')) return { ...readBlock(cursor), place };
    return readAccount(cursor, readExpression(cursor, 'a source'));
  });
}

type Block =
  | { kind: 'in-order'; sources: Source[] }
  | { kind: 'allotment'; shares: Share<Source>[] };

/** The first entry tells which it is: a portion, or a source. */
function readBlock(cursor: Cursor): Block {
  const isSource = ['max', 'oneof', '{', '}'].some((text) => cursor.sees(text));
  if (isSource) return { kind: 'in-order', sources: readSourcesToEnd(cursor, []) };
  const readPart = (): Source => {
    cursor.expect('from');
    return readSource(cursor);
  };
  if (cursor.sees('remaining'))
    return { kind: 'allotment', shares: readShares(cursor, undefined, readPart) };
  const first = readExpression(cursor, 'a source, a portion or remaining');
  if (first.type === 'portion')
    return { kind: 'allotment', shares: readShares(cursor, first, readPart) };
  cursor.countSource(first.place);
  const sources = readSourcesToEnd(cursor, [readAccount(cursor, first)]);
  return { kind: 'in-order', sources };
}

function readSourcesToEnd(cursor: Cursor, sources: Source[]): Source[] {
  while (!cursor.accept('}')) {
    if (cursor.peek().kind === 'end') cursor.refuse('a source or }');
    sources.push(readSource(cursor));
  }
  return sources;
}

/** An account, with what follows it: a colour, an overdraft, or a scaling. */
function readAccount(cursor: Cursor, expression: Expression): Source {
  const account = ofType(expression, 'account');
  const { place } = account;
  const color = cursor.accept('\\') ? { color: readTyped(cursor, 'string') } : {};
  if (cursor.sees('with')) {
    if (color.color !== undefined)
      throw new TemplateError(cursor.peek().place, 'funds of one colour are not scaled');
    cursor.expect('with', 'scaling', 'through');
    cursor.countSource(place, SCALES - 1);
    return { kind: 'scaled', account, through: readTyped(cursor, 'account'), place };
  }
  if (!cursor.accept('allowing'))
    return { kind: 'account', account, ...color, overdraft: 'none', place };
  if (cursor.accept('unbounded')) {
    cursor.expect('overdraft');
    return { kind: 'account', account, ...color, overdraft: 'unbounded', place };
  }
  if (!cursor.sees('overdraft')) cursor.refuse('unbounded overdraft, or overdraft up to');
  cursor.expect('overdraft', 'up', 'to');
  const overdraft = readTyped(cursor, 'monetary');
  return { kind: 'account', account, ...color, overdraft, place };
}

/**
 * All that a source has must be a certain amount. Below a cap anything goes.
 * @throws TemplateError for portions, and for overdrafts without a bound
 */
export function refuseUnlessWhole(source: Source): void {
  switch (source.kind) {
    case 'allotment':
      throw new TemplateError(
        source.place,
        'portions need an amount: all of an asset is sent here',
      );
    case 'account':
      if (source.overdraft === 'unbounded')
        throw new TemplateError(
          source.place,
          'an unbounded overdraft has no end: all of an asset is sent here',
        );
      return;
    case 'in-order':
    case 'one-of':
      for (const inner of source.sources) refuseUnlessWhole(inner);
  }
}
