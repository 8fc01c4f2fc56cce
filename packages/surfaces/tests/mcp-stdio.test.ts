import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { everything, everyWord } from '../../schemas/tests/everyWord.ts';
import { bridgeStdio, startHttpSurface, type HttpSurface } from '../src/index.ts';
import { fakeNode, ok, type FakeNode } from './fakeNode.ts';

interface Message {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Readonly<Record<string, unknown>> & {
    readonly structuredContent?: { readonly status: string; readonly data: unknown };
    readonly tools?: readonly { readonly name: string; readonly annotations: object }[];
  };
  readonly error?: { readonly code: number; readonly message: string };
}

const REVISION = '2025-11-25';
let node: FakeNode;
let surface: HttpSurface;

beforeAll(async () => {
  node = fakeNode([everyWord]);
  surface = await startHttpSurface(node, { port: 0 });
});
afterAll(() => surface.close());
afterEach(() => {
  node.answers.set('everyword.echo', (call) => ok(call.input));
  node.calls.length = 0;
});

/** A program that speaks lines, and what it was answered so far. */
function program(url = `${surface.url}/mcp`) {
  const input = new PassThrough();
  const output = new PassThrough();
  const received: Message[] = [];
  const waiting: { is: (message: Message) => boolean; found: (message: Message) => void }[] = [];
  createInterface({ input: output }).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    received.push(message);
    for (const one of waiting) if (one.is(message)) one.found(message);
  });
  const reports: string[] = [];
  const ended = bridgeStdio({
    input,
    output,
    url,
    token: 'qat_test',
    report: (text) => reports.push(text),
  });
  return {
    received,
    reports,
    say: (message: object) => input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`),
    sayText: (text: string) => input.write(text),
    heard: (is: (message: Message) => boolean) =>
      new Promise<Message>((resolve) => {
        const known = received.find(is);
        if (known === undefined) waiting.push({ is, found: resolve });
        else resolve(known);
      }),
    end: () => {
      input.end();
      return ended;
    },
  };
}

const initialize = {
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: REVISION,
    capabilities: {},
    clientInfo: { name: 'a program', version: '1.0.0' },
  },
};
const echo = (id: number, meta: object = {}) => ({
  id,
  method: 'tools/call',
  params: { name: 'everyword.echo', arguments: everything, _meta: meta },
});
const withId = (id: number | null) => (message: Message) => message.id === id;

describe('MCP on standard input and output', () => {
  it('agrees on a revision, lists tools in pages, answers ping, and calls', async () => {
    const { say, heard, end } = program();
    say(initialize);
    say({ method: 'notifications/initialized' });
    say({ id: 1, method: 'ping' });
    say({ id: 2, method: 'tools/list' });
    say(echo(3));
    expect((await heard(withId(0))).result).toMatchObject({ protocolVersion: REVISION });
    expect((await heard(withId(1))).result).toEqual({});
    const { tools = [] } = (await heard(withId(2))).result ?? {};
    expect(tools.map(({ name }) => name)).toContain('everyword.echo');
    for (const { annotations } of tools)
      expect(Object.keys(annotations).toSorted()).toEqual([
        'destructiveHint',
        'idempotentHint',
        'openWorldHint',
        'readOnlyHint',
        'title',
      ]);
    const called = await heard(withId(3));
    expect(called.result?.structuredContent?.data).toEqual(everything);
    expect(node.calls[0]?.credential).toEqual({ kind: 'bearer', token: 'qat_test' });
    await end();
  });

  it('tells a client that asked for it that its call still runs', async () => {
    const { say, heard, end } = program();
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    node.answers.set('everyword.echo', async (call) => {
      await finished;
      return ok(call.input);
    });
    say(initialize);
    say(echo(1, { progressToken: 'p1' }));
    const isProgress = (message: Message) => message.method === 'notifications/progress';
    const first = await heard(isProgress);
    expect(first.params).toMatchObject({ progressToken: 'p1', progress: 1 });
    const second = await heard(
      (message) => isProgress(message) && message.params?.['progress'] === 2,
    );
    expect(second.params).toMatchObject({ progressToken: 'p1' });
    finish();
    expect((await heard(withId(1))).result?.structuredContent?.status).toBe('ok');
    await end();
  });

  it('answers nothing to a request that was cancelled, and goes on with the others', async () => {
    const { say, heard, received, end } = program();
    let begun = () => {};
    const isBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    node.answers.set('everyword.echo', () => {
      begun();
      return new Promise(() => {});
    });
    say(initialize);
    say(echo(1));
    await isBegun;
    say({ method: 'notifications/cancelled', params: { requestId: 1, reason: 'enough' } });
    say({ id: 2, method: 'ping' });
    await heard(withId(2));
    await end();
    expect(received.filter(withId(1))).toEqual([]);
  });

  it('says of a line that is no message that it is none, and reads on', async () => {
    const { say, sayText, heard, end } = program();
    sayText('{"jsonrpc"\n[1]\n\n');
    say(initialize);
    expect((await heard(withId(null))).error?.code).toBe(-32_700);
    expect((await heard(withId(0))).result).toBeDefined();
    await end();
  });

  it('says that the node cannot be reached, to the program and to the person', async () => {
    const closed = createServer().listen(0);
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const { say, heard, reports, end } = program(`http://127.0.0.1:${port}/mcp`);
    say(initialize);
    expect((await heard(withId(0))).error?.message).toContain('./q up');
    expect(reports).toHaveLength(1);
    await end();
  });

  it('passes on what the node refuses', async () => {
    const { say, heard, end } = program();
    say(initialize);
    say({ id: 1, method: 'tools/call', params: { name: 'nothing.there', arguments: {} } });
    expect((await heard(withId(1))).error?.message).toContain('nothing.there');
    await end();
  });
});
