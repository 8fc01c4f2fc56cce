import { createInterface } from 'node:readline';
import { Readable, type Writable } from 'node:stream';

/** What carries MCP messages of a program on this machine to a node, and the answers back. */
export interface StdioBridgeOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** The node's endpoint, for example http://127.0.0.1:8080/mcp */
  readonly url: string;
  /** The token of an agent; absent: only public tools. */
  readonly token?: string;
  /** What went wrong on the way; never what a message said. */
  readonly report?: (text: string) => void;
}

type Id = string | number;

interface Message {
  readonly jsonrpc?: unknown;
  readonly id?: Id | null;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** One message is one line; beyond this a sender means no message. */
const LINE_CHARS_MAX = 8_388_608;
const REQUESTS_MAX = 64;

/** JSON-RPC 2.0 section 5.1, and errors of the implementation. */
const PARSE_ERROR = -32_700;
const INTERNAL_ERROR = -32_603;
const UNREACHABLE = -32_000;

/**
 * Speaks the stdio transport of MCP on one side and Streamable HTTP on the other: each line goes to
 * the node as it is, and what the node answers, progress included, comes back as lines. Knows no tool
 * and no era of the protocol but for the headers that HTTP wants.
 * @returns when the input has ended and every request is answered
 */
export async function bridgeStdio(options: StdioBridgeOptions): Promise<void> {
  const bridge = new Bridge(options);
  const lines = createInterface({ input: options.input, crlfDelay: Infinity });
  for await (const line of lines) await bridge.take(line);
  await bridge.settle();
}

class Bridge {
  readonly #options: StdioBridgeOptions;
  readonly #running = new Map<Id, AbortController>();
  readonly #work = new Set<Promise<void>>();
  /** The revision that the client and the node agreed on; sent with every later request. */
  #version: string | undefined;

  constructor(options: StdioBridgeOptions) {
    this.#options = options;
  }

  /** Takes one line. Waits only while too many requests are under way. */
  async take(line: string): Promise<void> {
    if (line.trim() === '') return;
    const message = this.#read(line);
    if (message === undefined) return;
    if (message.method === 'notifications/cancelled') return this.#cancel(message);
    while (this.#work.size >= REQUESTS_MAX) await Promise.race(this.#work);
    const work = this.#forward(message, line).finally(() => this.#work.delete(work));
    this.#work.add(work);
    // What comes after it depends on what was agreed in it.
    if (message.method === 'initialize') await work;
  }

  async settle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  #read(line: string): Message | undefined {
    if (line.length <= LINE_CHARS_MAX)
      try {
        const message: unknown = JSON.parse(line);
        if (typeof message === 'object' && message !== null && !Array.isArray(message))
          return message;
      } catch {
        // Told below, without repeating what it was.
      }
    this.#fail(null, PARSE_ERROR, 'A line is one JSON-RPC message, of at most 8 MiB.');
    return undefined;
  }

  /** The client no longer waits: the request to the node ends, and nothing is answered. */
  #cancel({ params }: Message): void {
    const id = params?.['requestId'] as Id;
    this.#running.get(id)?.abort();
    this.#running.delete(id);
  }

  async #forward(message: Message, line: string): Promise<void> {
    const { id } = message;
    const isRequest = message.method !== undefined && id !== undefined && id !== null;
    const abort = new AbortController();
    if (isRequest) this.#running.set(id, abort);
    try {
      const response = await fetch(this.#options.url, {
        method: 'POST',
        body: line,
        headers: this.#headersOf(message),
        signal: abort.signal,
      });
      const isAnswered = await this.#relay(message, response);
      if (isRequest && !isAnswered)
        this.#fail(id, INTERNAL_ERROR, `The node answered with HTTP ${response.status} only.`);
    } catch {
      if (abort.signal.aborted) return;
      this.#options.report?.(`the node at ${this.#options.url} cannot be reached`);
      if (isRequest)
        this.#fail(
          id,
          UNREACHABLE,
          'The node cannot be reached. Start it with ./q up, then ask again.',
        );
    } finally {
      if (isRequest && this.#running.get(id) === abort) this.#running.delete(id);
    }
  }

  #headersOf(message: Message): Record<string, string> {
    const { token } = this.#options;
    const { _meta: meta } = (message.params ?? {}) as { _meta?: Readonly<Record<string, unknown>> };
    // Since revision 2026-07-28 each request names its revision, and HTTP repeats what it is about.
    const own = meta?.['io.modelcontextprotocol/protocolVersion'];
    const version = typeof own === 'string' ? own : this.#version;
    const name = message.params?.['name'] ?? message.params?.['uri'];
    return {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(version === undefined ? {} : { 'mcp-protocol-version': version }),
      ...(typeof own === 'string' && message.method !== undefined
        ? { 'mcp-method': message.method }
        : {}),
      ...(typeof own === 'string' && typeof name === 'string'
        ? { 'mcp-name': headerText(name) }
        : {}),
    };
  }

  /** @returns whether a response to the request was among what came */
  async #relay(message: Message, response: Response): Promise<boolean> {
    const type = response.headers.get('content-type') ?? '';
    let isAnswered = false;
    const pass = (text: string): void => {
      const answer = JSON.parse(text) as Message;
      if (message.method === 'initialize' && typeof answer.result?.['protocolVersion'] === 'string')
        this.#version = answer.result['protocolVersion'];
      isAnswered ||= answer.method === undefined;
      // An error without an id belongs to the one request that it answers.
      this.#write(answer.id === null ? { ...answer, id: message.id ?? null } : answer);
    };
    if (type.startsWith('text/event-stream')) {
      for await (const data of eventsOf(response)) pass(data);
      return isAnswered;
    }
    const text = await response.text();
    if (text !== '' && type.startsWith('application/json')) pass(text);
    return isAnswered;
  }

  #fail(id: Id | null, code: number, text: string): void {
    this.#write({ jsonrpc: '2.0', id, error: { code, message: text } });
  }

  #write(message: object): void {
    this.#options.output.write(`${JSON.stringify(message)}\n`);
  }
}

/** A header value of visible ASCII as it is; anything else in the sentinel of the protocol (SEP-2243). */
const headerText = (text: string): string =>
  /^[\x21-\x7e]+$/.test(text) ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;

/** The data of each event of a stream (HTML Living Standard, section 9.2.6); other fields are not used. */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  let data: string[] = [];
  if (response.body === null) return;
  const lines = createInterface({ input: Readable.fromWeb(response.body), crlfDelay: Infinity });
  for await (const line of lines)
    if (line === '') {
      if (data.length > 0) yield data.join('\n');
      data = [];
    } else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
}
