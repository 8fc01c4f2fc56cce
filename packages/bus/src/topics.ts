/** Which topics somebody wants: in memory as a predicate, in the store as a condition. */

import { fail } from '@anarq/common-schemas';
import type { Params } from '@anarq/store';

import { TOPIC_CHARS_MAX, TOPICS_MAX } from './limits.ts';

const PATTERN = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?$/;

/** A SQL condition on the columns of the outbox, with its parameters. */
export interface Condition {
  readonly sql: string;
  readonly params: Params;
}

/** Checked topics: the exact ones, and the prefixes (each ends in a dot). */
export interface TopicFilter {
  readonly exact: ReadonlySet<string>;
  readonly prefixes: readonly string[];
}

/**
 * Reads exact topics and patterns like `q.qmarket.*`, which stands for every topic that begins
 * with `q.qmarket.`.
 * @throws QError INPUT_INVALID for none, more than 100, or one that is no topic.
 */
export function topicFilter(topics: readonly string[]): TopicFilter {
  if (topics.length < 1 || topics.length > TOPICS_MAX) {
    fail('INPUT_INVALID', `Name 1 to ${TOPICS_MAX} topics, not ${topics.length}.`);
  }
  for (const topic of topics) {
    if (topic.length <= TOPIC_CHARS_MAX && PATTERN.test(topic)) continue;
    const shown = topic.slice(0, TOPIC_CHARS_MAX);
    fail('INPUT_INVALID', `${shown} is no topic: write q.module.part.v1, or q.module.* for all.`);
  }
  const isPrefix = (topic: string): boolean => topic.endsWith('.*');
  return {
    exact: new Set(topics.filter((topic) => !isPrefix(topic))),
    prefixes: topics.filter(isPrefix).map((topic) => topic.slice(0, -1)),
  };
}

/** Whether a topic is among those that the filter stands for. */
export function matches(filter: TopicFilter, topic: string): boolean {
  return filter.exact.has(topic) || filter.prefixes.some((prefix) => topic.startsWith(prefix));
}

/** The same as a condition on the column `topic`. */
export function topicCondition(filter: TopicFilter): Condition {
  const params: Record<string, string> = {};
  const choices: string[] = [];
  for (const [place, topic] of [...filter.exact].entries()) {
    params[`topic${place}`] = topic;
    choices.push(`topic = :topic${place}`);
  }
  for (const [place, prefix] of filter.prefixes.entries()) {
    // '/' follows '.' in ASCII: every string that begins with 'a.' lies in ['a.', 'a/').
    params[`from${place}`] = prefix;
    params[`to${place}`] = `${prefix.slice(0, -1)}/`;
    choices.push(`(topic >= :from${place} AND topic < :to${place})`);
  }
  return { sql: `(${choices.join(' OR ')})`, params };
}
