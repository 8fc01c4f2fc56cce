import type { DialectProblem } from './checkDialect.ts';
import { TOPIC } from './topic.ts';

/** Work at regular instants. */
export interface ScheduleSpec {
  readonly summary: string;
  /** ISO 8601 duration of days, hours, minutes and seconds: 'PT1H', 'P1D', 'PT10M'. */
  readonly every: string;
}

/** What a module does without being called, as its author writes it. */
export interface OwnWorkSpec<
  Topics extends string = string,
  Schedules extends Readonly<Record<string, ScheduleSpec>> = Readonly<Record<string, ScheduleSpec>>,
> {
  /** Topics that it reacts to, its own or those of modules it depends on. */
  readonly consumes?: readonly Topics[];
  readonly schedules?: Schedules;
  /** What those reactions and schedules may do as the module itself: call, and emit. */
  readonly asItself?: { readonly uses?: readonly string[]; readonly emits?: readonly string[] };
}

/** The same with every default filled in; what the operator's authority for it names. */
export interface OwnWork {
  readonly consumes: readonly string[];
  readonly schedules: Readonly<Record<string, ScheduleSpec & { readonly every_ms: number }>>;
  readonly uses: readonly string[];
  readonly emits: readonly string[];
}

const DURATION = /^P(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?)?$/;

/**
 * Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds; months and years have
 * no fixed length and are none.
 */
function durationOf(text: string): number | undefined {
  const parts = DURATION.exec(text);
  if (parts === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((n) => Number(n ?? 0));
  const total_ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
  return total_ms === 0 ? undefined : total_ms;
}

export function ownWorkOf(spec: OwnWorkSpec): OwnWork | undefined {
  const { consumes = [], schedules = {}, asItself = {} } = spec;
  if (consumes.length === 0 && Object.keys(schedules).length === 0) return undefined;
  return Object.freeze({
    consumes,
    schedules: Object.fromEntries(
      Object.entries(schedules).map(([name, schedule]) => [
        name,
        { ...schedule, every_ms: durationOf(schedule.every) ?? 0 },
      ]),
    ),
    uses: asItself.uses ?? [],
    emits: asItself.emits ?? [],
  });
}

const EVERY_MIN_MS = 1_000;

export function checkOwnWork(meta: {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly events: object;
  readonly ownWork: OwnWork | undefined;
}): DialectProblem[] {
  const problems: DialectProblem[] = [];
  const say = (path: string, problem: string) => problems.push({ path, problem });
  const known = [meta.name, ...meta.dependencies];
  for (const topic of meta.ownWork?.consumes ?? []) {
    if (!TOPIC.test(topic)) say('consumes', `${topic}: topics read q.<module>(.<part>)+.v<N>`);
    else if (!known.some((name) => topic.startsWith(`q.${name}.`)))
      say('consumes', `${topic} is of a module that this one does not depend on`);
  }
  for (const [name, { every, every_ms }] of Object.entries(meta.ownWork?.schedules ?? {})) {
    if (!/^[a-z][A-Za-z0-9]{0,63}$/.test(name)) say('schedules', `${name} is not a name`);
    if (every_ms < EVERY_MIN_MS)
      say(`schedules.${name}`, `every ${every}: write a duration of a second or more, as PT1H`);
  }
  for (const used of meta.ownWork?.uses ?? [])
    if (!known.some((name) => used.startsWith(`${name}.`)))
      say('asItself', `uses ${used}, but the module does not depend on it`);
  for (const topic of meta.ownWork?.emits ?? [])
    if (!Object.hasOwn(meta.events, topic))
      say('asItself', `emits ${topic}, which is not an event`);
  return problems;
}
