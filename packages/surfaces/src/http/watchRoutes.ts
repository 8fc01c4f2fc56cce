import { timingSafeEqual } from 'node:crypto';
import { fail } from '@anarq/common-schemas';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallTarget } from '../callTarget.ts';
import { isLoopback } from './guard.ts';
import { commonHeaders } from './respond.ts';

export interface MetricsSource {
  /** All metrics, in the text format of Prometheus. */
  text(): Promise<string>;
  /** What a scraper shows as bearer token, where the node may be reached from elsewhere. */
  readonly token: string;
}

interface Reach {
  readonly host: string;
  readonly hostNames?: readonly string[];
  readonly metrics?: MetricsSource;
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Who watches a node asks here: its health, and its metrics. A node that only this machine reaches
 * gives its metrics to whoever is on it. One behind a proxy, whose callers all look as if they were
 * here, or on another address, asks for the token.
 */
export function watchRoutes(app: FastifyInstance, target: CallTarget, reach: Reach): void {
  app.get('/health', async (request, reply) => {
    const health = await target.health();
    return send(reply.code(health.status === 'unhealthy' ? 503 : 200), request, health);
  });
  // That this is answered at all is the answer; nothing else is looked at.
  app.get('/health/live', (request, reply) => send(reply, request, { status: 'live' }));
  app.get('/health/ready', async (request, reply) => {
    const { status } = await target.health();
    const isReady = status !== 'unhealthy';
    return send(reply.code(isReady ? 200 : 503), request, {
      status: isReady ? 'ready' : 'not ready',
    });
  });

  const { metrics } = reach;
  if (metrics === undefined) return;
  const isOpen = isLoopback(reach.host) && reach.hostNames === undefined;
  const expected = Buffer.from(`Bearer ${metrics.token}`);
  const isShown = (authorization: string): boolean => {
    const shown = Buffer.from(authorization);
    return shown.length === expected.length && timingSafeEqual(shown, expected);
  };
  app.get('/metrics', async (request, reply) => {
    if (!isOpen && !isShown(request.headers.authorization ?? ''))
      fail('QLOCK_AUTH_FAIL', 'Metrics are shown to whoever has the token of this node.');
    const text = await metrics.text();
    return reply.headers(commonHeaders(request.id)).type(METRICS_TYPE).send(text);
  });
}

const send = (reply: FastifyReply, request: FastifyRequest, value: unknown): FastifyReply =>
  reply
    .headers(commonHeaders(request.id))
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(value));
