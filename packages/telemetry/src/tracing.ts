import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';
import type { EndedCall, Tracing } from './observers.ts';
import { FAULTS } from './outcome.ts';

export interface TracingOptions {
  /** Where an OTLP receiver takes spans over HTTP, without '/v1/traces': 'http://127.0.0.1:4318'. */
  readonly endpoint: string;
  readonly version: string;
}

/**
 * Sends one span a call and one a step to an OTLP receiver. The SDK is loaded here, so that a node
 * without one never loads it.
 * @throws TypeError for an endpoint that is no URL
 */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const url = new URL(`${options.endpoint.replace(/\/+$/, '')}/v1/traces`).href;
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'q-node',
      'service.version': options.version,
      'service.instance.id': randomUUID(),
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() }),
    // A receiver that is away costs spans, never calls: what does not fit the queue is dropped.
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
  });
  const tracer = provider.getTracer('q', options.version);
  return {
    start: (op, noun, parent) => {
      const around =
        parent === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, {
              traceId: parent.traceId,
              spanId: parent.spanId,
              traceFlags: parent.flags & 1,
              isRemote: noun === 'call',
            });
      const span = tracer.startSpan(
        op.id,
        { kind: noun === 'call' ? SpanKind.SERVER : SpanKind.INTERNAL },
        around,
      );
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        context: { traceId, spanId, flags: traceFlags },
        end: (ended) => {
          span.setAttributes(attributesOf(ended));
          if (FAULTS.includes(ended.outcome))
            span.setStatus({ code: SpanStatusCode.ERROR, message: ended.result.code });
          span.end();
        },
      };
    },
    close: async () => {
      await provider.shutdown();
    },
  };
}

/** The attributes that the module specification names, and by what the record is found. */
function attributesOf({ op, noun, facts, result, outcome }: EndedCall): Attributes {
  const { actor, root, kind } = facts.principal;
  return {
    'q.module': op.module,
    'q.operation': op.name,
    'q.kind': noun,
    'q.surface': facts.call.surface,
    'q.identity': root,
    'q.identity_kind': kind,
    ...(actor === root ? {} : { 'q.subidentity': actor }),
    // An organisation or a DAO is whom one acts for.
    ...(facts.subject === '' || facts.subject === root ? {} : { 'q.organisation': facts.subject }),
    'q.outcome': outcome,
    'q.code': result.code,
    'q.request_id': facts.requestId,
    ...(facts.capability === undefined ? {} : { 'q.process': facts.capability.process }),
    ...('cid' in result && typeof result.cid === 'string' ? { 'q.record': result.cid } : {}),
  };
}
