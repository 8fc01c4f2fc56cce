import { createHash } from 'node:crypto';
import { openSealedStream } from '@anarq/content';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** What a tool answered: the envelope of the node. */
export interface ToolAnswer {
  readonly status: 'ok' | 'error';
  readonly code: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly details?: { readonly why?: { readonly rule?: string } & Record<string, unknown> };
  readonly cid?: string;
  readonly replayed?: boolean;
}

/**
 * An agent as anybody would connect one: a stock MCP client, a URL, and a token. It knows no type,
 * no key and no library of this project but the one that opens sealed content.
 */
export class Agent {
  readonly #client = new Client({ name: 'buyer', version: '1.0.0' });
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  static async connect(url: string, token: string): Promise<Agent> {
    const agent = new Agent(url);
    await agent.#client.connect(
      new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      }),
    );
    return agent;
  }

  async toolNames(): Promise<string[]> {
    return (await this.#client.listTools()).tools.map(({ name }) => name);
  }

  async use(tool: string, args: Record<string, unknown>): Promise<ToolAnswer> {
    const { structuredContent } = await this.#client.callTool({ name: tool, arguments: args });
    return readAnswer(structuredContent);
  }

  /** Fetches a file in its sealed form, opens it here, and digests what comes out. */
  async fetchSealed(fileId: string): Promise<{ bytes: number; sha256: string }> {
    const { data, message } = await this.use('qdrive.get', { fileId, form: 'sealed' });
    if (data === undefined) throw new Error(message);
    const response = await fetch(new URL(String(data['url']), this.#url));
    if (!response.ok || response.body === null)
      throw new Error(`the ticket gave ${response.status}`);
    const digest = createHash('sha256');
    let bytes = 0;
    for await (const chunk of openSealedStream({
      key32: Buffer.from(String(data['key']), 'base64url'),
      fileId,
      totalBytes: Number(data['bytes']),
      source: response.body,
    })) {
      digest.update(chunk);
      bytes += chunk.length;
    }
    return { bytes, sha256: digest.digest('hex') };
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** @throws Error when a tool answers with anything but the node's envelope */
function readAnswer(value: unknown): ToolAnswer {
  const isEnvelope =
    typeof value === 'object' && value !== null && 'status' in value && 'code' in value;
  if (!isEnvelope) throw new Error('the tool did not answer with the envelope of the node');
  return value as ToolAnswer;
}
