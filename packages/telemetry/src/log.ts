import { pino } from 'pino';
import { plainError } from './frames.ts';
import { readableLine } from './readableLine.ts';
import { LogFile, type LogRetention } from './logFile.ts';
import type { Correlation, EndedCall, NodeLog } from './observers.ts';
import { FAULTS } from './outcome.ts';

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  /** 'stderr', or the path of a file. */
  readonly to: string;
  readonly level: LogLevel;
  readonly retention?: LogRetention;
}

const RETENTION: LogRetention = { bytes_max: 256 * 1024 ** 2, age_ms_max: 30 * 86_400_000 };

/**
 * The log of a node: one JSON object a line. It is made of named facts only, none of them an input, an
 * output or a message of an error, so that no secret can be in it. At `info` each call has a line, at
 * `debug` each step too; below that stand what went wrong, and what the node did of itself.
 * @throws Error where its file cannot be opened
 */
export function openNodeLog({ to, level, retention = RETENTION }: LogOptions): NodeLog {
  const file = to === 'stderr' ? undefined : new LogFile(to, retention);
  const isForPeople = file === undefined && process.stderr.isTTY;
  const write = (line: string) => {
    if (file !== undefined) file.write(line);
    else process.stderr.write(isForPeople ? readableLine(line) : line);
  };
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return {
    logs: { call: log.isLevelEnabled('info'), step: log.isLevelEnabled('debug') },
    ended: (ended) => {
      const isFault = FAULTS.includes(ended.outcome);
      log[isFault ? 'warn' : ended.noun === 'call' ? 'info' : 'debug'](factsOf(ended), ended.noun);
    },
    error: (thrown, where, about) => {
      log.error({ where, ...plainError(thrown), ...correlated(about) }, 'error');
      file?.flush();
    },
    request: ({ requestId, method, route, status, duration_ms }) => {
      const took_ms = Math.round(duration_ms * 1_000) / 1_000;
      log.debug({ method, route, status, duration_ms: took_ms, requestId }, 'request');
    },
    event: (name, facts) => log.warn({ ...facts }, name),
    close: async () => file?.close(),
  };
}

function factsOf({ op, facts, result, outcome, duration_ms, trace }: EndedCall) {
  const { actor, root } = facts.principal;
  return {
    module: op.module,
    operation: op.name,
    outcome,
    code: result.code,
    duration_ms: Math.round(duration_ms * 1_000) / 1_000,
    surface: facts.call.surface,
    identity: root,
    ...(actor === root ? {} : { subidentity: actor }),
    ...(facts.subject === '' || facts.subject === actor ? {} : { subject: facts.subject }),
    ...('cid' in result && typeof result.cid === 'string' ? { record: result.cid } : {}),
    requestId: facts.requestId,
    ...(trace === undefined ? {} : { traceId: trace.traceId, spanId: trace.spanId }),
    ...(facts.capability === undefined ? {} : { process: facts.capability.process }),
  };
}

const correlated = (about: Correlation | undefined): Correlation => ({
  ...(about?.requestId === undefined ? {} : { requestId: about.requestId }),
  ...(about?.traceId === undefined ? {} : { traceId: about.traceId }),
  ...(about?.process === undefined ? {} : { process: about.process }),
});
