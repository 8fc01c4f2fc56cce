import type { Result } from '@anarq/common-schemas';
import type { Client as McpClient } from '@modelcontextprotocol/client';
import { localFailure } from './callError.ts';
import { anonymous, bearer } from './credentials.ts';
import { httpContent } from './httpContent.ts';
import { ConnectionLost, isResult, type OutgoingCall, type Transport } from './transport.ts';

export interface McpOrder {
  /** The endpoint, for example http://127.0.0.1:8080/mcp */
  readonly url: string;
  /** The token of an agent; absent: only public operations. */
  readonly token?: string;
  /** Revision of the protocol; default: the newest that the node speaks. */
  readonly era?: 'auto' | '2025-11-25';
}

/** JSON-RPC 2.0: what the client sent makes no sense; here, a tool that is not there. */
const INVALID_PARAMS = -32_602;

/** Calls a node through its MCP tools, with the same types and results as over HTTP. */
export function mcp(order: McpOrder): Transport {
  let connected: Promise<McpClient> | undefined;
  const forget = () => {
    connected?.then((client) => client.close()).catch(() => {});
    connected = undefined;
  };
  return {
    credentials: order.token === undefined ? anonymous() : bearer(order.token),
    content: httpContent(new URL(order.url).origin),
    async send(call) {
      if (call.op.mcp === false)
        return localFailure('OPERATION_UNKNOWN', `${call.op.id} is not offered as a tool.`);
      try {
        connected ??= connect(order);
        return await callTool(await connected, call.op.mcp.tool, call);
      } catch (error) {
        const failed = await protocolFailure(error);
        if (failed !== undefined) return failed;
        // A wait that its caller ended says nothing about the connection.
        if (call.signal?.aborted !== true) forget();
        throw error instanceof ConnectionLost
          ? error
          : new ConnectionLost(error instanceof Error ? error.message : 'the connection failed', {
              cause: error,
            });
      }
    },
    close: async () => forget(),
  };
}

async function connect(order: McpOrder): Promise<McpClient> {
  // The SDK is heavy; a program that never speaks MCP does not load it.
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const client = new Client(
    { name: 'anarq-common-clients', version: '0.1.0' },
    order.era === '2025-11-25' ? {} : { versionNegotiation: { mode: 'auto' } },
  );
  const headers = order.token === undefined ? {} : { authorization: `Bearer ${order.token}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(order.url), {
      requestInit: { headers, redirect: 'error' },
    }),
  );
  return client;
}

async function callTool(
  client: McpClient,
  tool: string,
  call: OutgoingCall,
): Promise<Result<unknown>> {
  const { idempotencyKey, subject, grant, signal } = call;
  const answer = await client.callTool(
    {
      name: tool,
      arguments: { ...call.input },
      _meta: {
        ...(idempotencyKey === undefined ? {} : { 'q/idempotencyKey': idempotencyKey }),
        ...(subject === undefined ? {} : { 'q/subject': subject }),
        ...(grant === undefined ? {} : { 'q/grant': grant }),
      },
    },
    {
      // The signal is what ends the wait; the SDK's own minute would be shorter than some limits.
      timeout: 2 ** 31 - 1,
      ...(signal === undefined ? {} : { signal }),
    },
  );
  const envelope: unknown = answer.structuredContent;
  if (!isResult(envelope)) throw new ConnectionLost('something else than the node answered');
  return envelope;
}

/** A refusal by the protocol is an answer; whatever else went wrong is a lost connection. */
async function protocolFailure(error: unknown): Promise<Result<unknown> | undefined> {
  const { ProtocolError } = await import('@modelcontextprotocol/client');
  if (!(error instanceof ProtocolError)) return undefined;
  if (isResult(error.data)) return error.data;
  return error.code === INVALID_PARAMS
    ? localFailure('OPERATION_UNKNOWN', error.message)
    : localFailure('INTERNAL', error.message);
}
