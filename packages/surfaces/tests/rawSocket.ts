import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection on which bytes are written exactly as a test says. */
export class RawSocket {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    this.socket.on('error', () => {});
  }

  write(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }

  /** The next answer that has a Content-Length; undefined when the connection ends before it. */
  async answer(): Promise<RawAnswer | undefined> {
    for (;;) {
      const parsed = this.#take();
      if (parsed !== undefined) return parsed;
      if (this.socket.destroyed || this.socket.readableEnded) return undefined;
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]);
    }
  }

  /** Everything received until the connection ended. */
  async rest(): Promise<Buffer> {
    if (!this.socket.destroyed) await once(this.socket, 'close');
    return this.#received;
  }

  #take(): RawAnswer | undefined {
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return undefined;
    const [first = '', ...lines] = this.#received
      .subarray(0, head)
      .toString('latin1')
      .split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const end = head + 4 + Number(headers['content-length'] ?? 0);
    if (this.#received.length < end) return undefined;
    const body = this.#received.subarray(head + 4, end).toString();
    this.#received = this.#received.subarray(end);
    return { status: Number(first.split(' ')[1]), headers, body };
  }
}
