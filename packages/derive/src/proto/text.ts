import { DERIVED } from '../notes.ts';
import { extendLock, typeText, type FieldLock } from './lock.ts';
import { enumValueName, type ProtoMessage, type ProtoModel } from './model.ts';

/** A module's types and methods as a .proto file, for people and for tools that generate code. */
export function protoText(model: ProtoModel, lock: FieldLock): string {
  const whole = extendLock(lock, model);
  const parts = [
    `// ${DERIVED}`,
    'syntax = "proto3";',
    `package ${model.package};`,
    `${comment(model.comment)}service ${model.service} {\n${model.methods
      .map(
        ({ name, op, request, reply }) =>
          `${comment(op.summary, '  ')}  rpc ${name}(${request.name}) returns (${reply.name})${
            op.kind === 'query' ? ' {\n    option idempotency_level = NO_SIDE_EFFECTS;\n  }' : ';'
          }`,
      )
      .join('\n\n')}\n}`,
    ...[...model.messages.values()].map((message) => messageText(message, whole)),
    ...[...model.enums.values()].map(({ name, values }) => {
      const numbers = whole.enums[name] ?? {};
      const lines = values.map((value) => {
        const full = enumValueName(name, value);
        return `  ${full} = ${numbers[full]};`;
      });
      return `enum ${name} {\n  ${enumValueName(name, 'unspecified')} = 0;\n${lines.join('\n')}\n}`;
    }),
  ];
  return `${parts.join('\n\n')}\n`;
}

function messageText({ name, fields, isUnion, ...message }: ProtoMessage, lock: FieldLock): string {
  const own = lock.messages[name];
  const indent = isUnion ? '    ' : '  ';
  const lines = fields.map((field) => {
    const type = typeText(field);
    const isPresent = field.cardinality === 'one' && !isUnion && field.type.kind !== 'message';
    return `${comment(field.comment, indent)}${indent}${isPresent ? 'optional ' : ''}${type} ${field.name} = ${own?.fields[field.name]?.number};`;
  });
  const gone = reservedOf(name, fields, lock);
  const reserved = gone.length === 0 ? [] : [`  reserved ${gone.join(', ')};`];
  const inside = isUnion ? [`  oneof ${oneofName(fields)} {`, ...lines, '  }'] : lines;
  const all = [...reserved, ...inside];
  return `${comment(message.comment)}message ${name} {${all.length === 0 ? '' : `\n${all.join('\n')}\n`}}`;
}

/** Numbers that were given to what is no longer there. */
export function reservedOf(
  name: string,
  fields: ProtoMessage['fields'],
  lock: FieldLock,
): number[] {
  const own = lock.messages[name];
  const there = new Set(fields.map((field) => field.name));
  const gone = Object.entries(own?.fields ?? {}).filter(([field]) => !there.has(field));
  return [...(own?.retired ?? []), ...gone.map(([, { number }]) => number)].toSorted(
    (a, b) => a - b,
  );
}

/** The name of a union's oneof, which no variant has. */
export const oneofName = (fields: ProtoMessage['fields']): string =>
  fields.some(({ name }) => name === 'variant') ? 'variant_' : 'variant';

const comment = (text: string | undefined, indent = ''): string =>
  text === undefined
    ? ''
    : `${text
        .split('\n')
        .map((line) => `${indent}// ${line}`)
        .join('\n')}\n`;
