import { enumValueName, type ProtoField, type ProtoModel } from './model.ts';

/**
 * The numbers under which the fields of a module travel: once given, a number means that field and
 * that type for ever. What is no longer in the contract stays here, so that nothing takes its place.
 */
export interface FieldLock {
  readonly messages: Readonly<Record<string, MessageLock>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

interface MessageLock {
  readonly fields: Readonly<Record<string, LockedField>>;
  /** Numbers of fields that have had another type since. */
  readonly retired: readonly number[];
}

interface LockedField {
  readonly number: number;
  readonly type: string;
}

/** Where a module keeps the numbers of its fields, below its folder. */
export const LOCK_FILE = 'contracts/fields.lock.json';

export const NO_LOCK: FieldLock = { messages: {}, enums: {} };

/** Numbers that protobuf keeps for itself. */
const OWN_FIRST = 19_000;
const OWN_LAST = 19_999;

/**
 * Gives a number to every field that has none. Fields that have one keep it, except where their type
 * is no longer the same on the wire: then the old number is retired, and readers of the old type find
 * nothing instead of nonsense.
 * @throws Error for a lock in which one number stands twice
 */
export function extendLock(lock: FieldLock, model: ProtoModel): FieldLock {
  const messages: Record<string, MessageLock> = { ...lock.messages };
  for (const message of model.messages.values())
    messages[message.name] = extendMessage(message.name, message.fields, messages[message.name]);
  const enums: Record<string, Readonly<Record<string, number>>> = { ...lock.enums };
  for (const shape of model.enums.values()) {
    const values: Record<string, number> = { ...enums[shape.name] };
    for (const value of shape.values)
      values[enumValueName(shape.name, value)] ??= Math.max(0, ...Object.values(values)) + 1;
    checkUnique(shape.name, Object.values(values));
    enums[shape.name] = values;
  }
  return { messages, enums };
}

function extendMessage(
  name: string,
  fields: readonly ProtoField[],
  known: MessageLock | undefined,
): MessageLock {
  const locked: Record<string, LockedField> = { ...known?.fields };
  const retired = [...(known?.retired ?? [])];
  checkUnique(name, [...Object.values(locked).map(({ number }) => number), ...retired]);
  for (const field of fields) {
    const type = typeText(field);
    const own = locked[field.name];
    if (own !== undefined && isSameWire(own.type, type)) {
      locked[field.name] = { number: own.number, type };
      continue;
    }
    if (own !== undefined) retired.push(own.number);
    const taken = [...Object.values(locked).map(({ number }) => number), ...retired];
    locked[field.name] = { number: nextAfter(Math.max(0, ...taken)), type };
  }
  return { fields: locked, retired };
}

const nextAfter = (number: number): number =>
  number + 1 >= OWN_FIRST && number < OWN_LAST ? OWN_LAST + 1 : number + 1;

function checkUnique(name: string, numbers: readonly number[]): void {
  const twice = numbers.find((number, at) => numbers.indexOf(number) !== at);
  if (twice !== undefined)
    throw new Error(
      `fields.lock.json: ${name} has the number ${twice} twice; take back the edit that did that`,
    );
}

/** A whole number that grew from 32 to 64 bits is read by both (protobuf, Updating A Message Type). */
const isSameWire = (before: string, now: string): boolean =>
  before === now || (before === 'int32' && now === 'int64');

/** The type of a field as the .proto file writes it. */
export function typeText({ cardinality, type }: ProtoField): string {
  const one = type.kind === 'scalar' ? type.scalar : type.name;
  if (cardinality === 'map') return `map<string, ${one}>`;
  return cardinality === 'repeated' ? `repeated ${one}` : one;
}

/**
 * Reads a lock that was written before.
 * @throws Error when it is none
 */
export function readLock(text: string): FieldLock {
  const { messages, enums } = JSON.parse(text) as Partial<FieldLock>;
  if (typeof messages !== 'object' || typeof enums !== 'object')
    throw new Error('fields.lock.json has no messages or no enums; take it back from the history');
  return { messages, enums };
}
