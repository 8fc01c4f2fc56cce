import { StatementReader } from '../parser.ts';
import type { Span, Statement } from '../syntax.ts';
import type { Context } from './context.ts';
import { STANDARD_FILES } from './standardGates.ts';

const INCLUDE_DEPTH_MAX = 16;
/** Characters of a text and all that it includes: files that include one file twice grow fast. */
const LENGTH_MAX = 256 * 1024 * 1024;

/** `include`: a standard file, or one of those that were given. No file is read from anywhere else. */
export function include(context: Context, statement: Statement & { path: string }): void {
  const { path } = statement;
  if (context.scope !== context.globals || context.gateBody)
    context.wrong('A file is included outside of all blocks', statement);
  const given = context.includes.get(path);
  const standard = STANDARD_FILES.get(path);
  if (given === undefined) {
    if (standard !== undefined) return standard(context);
    return context.wrong(`There is no file "${path}" to include`, statement);
  }
  includeText(context, path, given, statement);
}

function includeText(context: Context, path: string, text: string, at: Span): void {
  if (context.open.includes(path))
    context.wrong(`"${path}" includes itself: ${[...context.open, path].join(' -> ')}`, at);
  if (context.open.length >= INCLUDE_DEPTH_MAX)
    context.refuse('LIMIT', `Files include each other at most ${INCLUDE_DEPTH_MAX} deep`, at);
  context.length += text.length;
  if (context.length > LENGTH_MAX)
    context.refuse(
      'LIMIT',
      `A text has at most ${LENGTH_MAX} characters with all that it includes`,
      at,
    );
  const outer = context.source;
  context.source = { text, file: path };
  context.open.push(path);
  const reader = new StatementReader(context.source, context.version);
  if (reader.major !== context.version)
    context.wrong(
      `A text of version ${context.version} does not include one of version ${reader.major}`,
      reader.version ?? at,
    );
  context.parts.statements(context, reader);
  context.open.pop();
  context.source = outer;
}
