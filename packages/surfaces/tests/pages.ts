/** What a page in a browser can do: it opens addresses, and sends no header of its own choice. */

export interface PageEvent {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly subject?: string; readonly type?: string; readonly code?: string };
}

export interface PageStream {
  readonly status: number;
  /** The code of a refusal. */
  readonly code: string | undefined;
  readonly events: PageEvent[];
  /** What the browser sends as Last-Event-ID when it connects again. */
  readonly lastId: () => string;
  readonly over: Promise<void>;
  close(): Promise<void>;
}

/** An EventSource: one GET, Last-Event-ID where it was cut before, and blocks of events. */
export async function openPageStream(url: string, lastId?: string): Promise<PageStream> {
  const leaving = new AbortController();
  const response = await fetch(url, {
    headers: {
      accept: 'text/event-stream',
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    },
    signal: leaving.signal,
  });
  const events: PageEvent[] = [];
  let last = lastId ?? '';
  if (response.status !== 200 || response.body === null) {
    const { code } = (await response.json()) as { code: string };
    const over = Promise.resolve();
    return { status: response.status, code, events, lastId: () => last, over, close: () => over };
  }
  const take = (block: string) => {
    const fields = block
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]);
    const field = (name: string) => fields.find(([each]) => each === name)?.[1];
    last = field('id') ?? last;
    const data = field('data');
    if (data !== undefined)
      events.push({
        id: last,
        type: field('event') ?? '',
        data: JSON.parse(data) as PageEvent['data'],
      });
  };
  const body = response.body;
  const over = (async () => {
    let text = '';
    try {
      for await (const piece of body.pipeThrough(new TextDecoderStream())) {
        text += piece;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) take(block);
      }
    } catch {
      // The page left.
    }
  })();
  return {
    status: 200,
    code: undefined,
    events,
    lastId: () => last,
    over,
    close: () => {
      leaving.abort();
      return over;
    },
  };
}

export interface PageSocket {
  readonly isOpen: boolean;
  readonly got: Readonly<Record<string, unknown>>[];
  send(message: unknown): void;
  /** The answer to a message with this id. */
  answer(id: string): Promise<{ readonly code?: string; readonly data?: unknown }>;
  close(): void;
}

/** The WebSocket of the platform, as a page has it: an address, and nothing beside it. */
export async function openPageSocket(url: string): Promise<PageSocket> {
  const socket = new WebSocket(url);
  const got: Record<string, unknown>[] = [];
  socket.addEventListener('message', ({ data }) => {
    got.push(JSON.parse(String(data)) as Record<string, unknown>);
  });
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => resolve(true));
    socket.addEventListener('error', () => resolve(false));
  });
  return {
    isOpen,
    got,
    send: (message) => socket.send(JSON.stringify(message)),
    answer: async (id) => {
      for (;;) {
        const found = got.find((one) => one['id'] === id);
        if (found !== undefined) return found['result'] as { code?: string };
        await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
      }
    },
    close: () => socket.close(),
  };
}
