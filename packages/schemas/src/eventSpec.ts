import type { TObject } from 'typebox';
import { TOPIC } from './topic.ts';

/** What the author of an event writes. */
export interface EventSpec {
  readonly summary: string;
  readonly schema: TObject;
  /** Member of the payload that names the subject; order is promised per module and subject. */
  readonly subject?: string;
  /** ISO 8601 duration after which the event may go: 'P30D'. Absent: as long as the node keeps any. */
  readonly retention?: string;
  /**
   * Who may see it, beside the operator of the node: the `parties` of the call that emitted it
   * (actor, subject, owner of its resource, and whom the handler named), everybody of the `tenant`,
   * or whom these members of the payload name ('parties' among them adds those of the call): by DID,
   * or by the CID of a grant, which is whoever reads under that grant.
   * Grants of those open it for others.
   * Default: `parties`.
   */
  readonly visibleTo?: 'parties' | 'tenant' | readonly string[];
}

export const event = <const S extends EventSpec>(spec: S): S => spec;

/** Identifier of the schema of an event's payload, as `dataschema` and as `$id`. */
export const eventSchemaId = (module: string, topic: string): string =>
  `urn:q:${module}:event:${topic}`;

const ISO_DURATION = /^P(?=\d)(\d{1,4}Y)?(\d{1,4}M)?(\d{1,5}D)?$/;
/** Days of a retention; a month counts as 31 days and a year as 366, so that nothing goes early. */
export function retentionDays(retention: string): number {
  const [, years = '0', months = '0', days = '0'] =
    /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?$/.exec(retention) ?? [];
  return Number(years) * 366 + Number(months) * 31 + Number(days);
}

/** What is wrong with an event; members that `visibleTo` names hold DIDs or grants: one, or a list. */
export function eventProblems(
  topic: string,
  { visibleTo, schema, subject, retention }: EventSpec,
): string[] {
  const problems: string[] = [];
  if (!TOPIC.test(topic)) problems.push('topics read q.<module>(.<part>)+.v<N>');
  if (subject !== undefined && !Object.hasOwn(schema.properties, subject))
    problems.push(`the payload has no member ${subject}`);
  if (retention !== undefined && !ISO_DURATION.test(retention))
    problems.push(`${retention} is no ISO 8601 duration of days, months or years`);
  if (visibleTo === undefined || typeof visibleTo === 'string') return problems;
  if (visibleTo.length === 0) problems.push('visibleTo names no member');
  for (const member of visibleTo) {
    if (member === 'parties') continue;
    const found = schema.properties[member] as Readonly<Record<string, unknown>> | undefined;
    const each = found?.['type'] === 'array' ? found['items'] : found;
    const format = (each as Readonly<Record<string, unknown>> | undefined)?.['x-format'];
    if (format !== 'did' && format !== 'cid')
      problems.push(`visibleTo: ${member} is no member that holds DIDs or grants`);
  }
  return problems;
}
