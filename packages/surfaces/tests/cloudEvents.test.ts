import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { agentOf, put, START } from './eventWorld.ts';

/**
 * What is wrong with a structured event by CloudEvents 1.0.2 (sections 2 and 3) and its JSON format
 * (section 2.2 and 3): required attributes, names and types of all, and what data is encoded as.
 */
function problemsOf(event: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = [];
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  for (const name of ['id', 'source', 'type'])
    if (!isText(event[name])) problems.push(`${name} is not a text that says something`);
  if (event['specversion'] !== '1.0') problems.push('specversion is not 1.0');
  const source = String(event['source']);
  if (!URL.canParse(source, 'urn:base:x') && !URL.canParse(source, 'http://base.example'))
    problems.push('source is not a URI reference');
  const { time, subject, datacontenttype, dataschema } = event;
  if (
    time !== undefined &&
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(String(time))
  )
    problems.push('time is not of RFC 3339');
  if (subject !== undefined && !isText(subject)) problems.push('subject is empty');
  if (datacontenttype !== undefined && !/^[\w.+-]+\/[\w.+-]+(;.*)?$/.test(String(datacontenttype)))
    problems.push('datacontenttype is not a media type');
  if (dataschema !== undefined && !URL.canParse(String(dataschema)))
    problems.push('dataschema is not an absolute URI');
  if ('data_base64' in event && 'data' in event) problems.push('data is there twice');
  for (const [name, value] of Object.entries(event)) {
    if (name === 'data' || name === 'data_base64') continue;
    if (!/^[a-z0-9]{1,20}$/.test(name)) problems.push(`${name} is not a name of an attribute`);
    // Boolean, Integer (32 bits, signed) or String; null is an attribute that is not there.
    const isInteger = Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31;
    if (!['string', 'boolean'].includes(typeof value) && !isInteger)
      problems.push(`${name} has no type of an attribute`);
  }
  return problems;
}

describe('an event on its way out', () => {
  let node: TestNode;
  let surface: HttpSurface;
  let ana: Actor;
  let token: string;
  beforeAll(async () => {
    node = await startTestNode({ modules: ['node', 'squid', 'qonsent', 'qindex'] });
    surface = await startHttpSurface(node.kernel, { port: 0, closeDeadline_ms: 500 });
    ana = await node.person('ana');
    ({ token } = await agentOf(ana, '/qindex'));
    await put(ana, 'an event');
  });
  afterAll(async () => {
    await surface.close();
    await node.close();
  });

  it('is a CloudEvent of version 1.0 as a server-sent event, with a topic as it is specified', async () => {
    const stop = new AbortController();
    const answer = await fetch(`${surface.url}/events?after=${START}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      signal: stop.signal,
    });
    let text = '';
    for await (const bytes of answer.body ?? []) {
      text += Buffer.from(bytes).toString();
      if (/^data: .*\n\n/m.test(text)) break;
    }
    stop.abort();
    const sent = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? 'null') as Record<string, unknown>;
    expect(problemsOf(sent)).toEqual([]);
    // As the module specification writes topics.
    expect(sent['type']).toMatch(/^q\.[a-z0-9]+(\.[a-z0-9]+)+\.v[1-9][0-9]*$/);
    expect(sent).toMatchObject({ type: 'q.qindex.record.created.v1', data: expect.anything() });
  });

  it('is one over a WebSocket, and the judge finds what is wrong with others', async () => {
    const socket = new WebSocket(`${surface.url.replace('http', 'ws')}/ws`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const sent = await new Promise<Record<string, unknown>>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data: Buffer) => {
        const { event } = JSON.parse(data.toString()) as { event?: Record<string, unknown> };
        if (event !== undefined) resolve(event);
      });
      socket.on('open', () =>
        socket.send(
          JSON.stringify({
            id: 's',
            op: 'subscribe',
            input: { topics: ['q.qindex.*'], after: START },
          }),
        ),
      );
    });
    socket.close();
    expect(problemsOf(sent)).toEqual([]);
    const wrong = { ...sent, id: '', specversion: '0.3', time: 'today', Big: {}, seq: 2 ** 40 };
    expect(problemsOf(wrong)).toHaveLength(6);
  });
});
