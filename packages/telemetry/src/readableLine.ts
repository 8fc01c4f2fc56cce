import { stripVTControlCharacters, styleText } from 'node:util';

const COLOURS = { error: 'red', warn: 'yellow', info: 'green', debug: 'dim' } as const;

/** A line of the log as a person reads it on a terminal: time, level, what, and the facts. */
export function readableLine(line: string): string {
  const { time, level, msg, frames, ...facts } = JSON.parse(line) as Readonly<
    Record<string, unknown>
  >;
  const name = level as keyof typeof COLOURS;
  const clock = /T(\d\d:\d\d:\d\d)/.exec(String(time))?.[1] ?? '';
  const told = Object.entries(facts).map(([key, value]) => `${key}=${String(value)}`);
  const places = Array.isArray(frames) ? frames.map((frame) => `\n    at ${String(frame)}`) : [];
  const head = `${styleText('dim', clock)} ${styleText(COLOURS[name] ?? 'dim', String(level))} ${String(msg)}`;
  return `${head} ${stripVTControlCharacters(told.join(' '))}${stripVTControlCharacters(places.join(''))}\n`;
}
