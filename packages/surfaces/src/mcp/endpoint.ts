import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  Server,
} from '@modelcontextprotocol/server';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { callTool, type McpCaller } from './callTool.ts';
import { withProgress } from './progress.ts';
import { createToolList } from './toolList.ts';

/** One MCP endpoint; it serves both eras of the protocol, a fresh server for each request. */
export interface McpEndpoint {
  /**
   * Answers one HTTP request.
   * @param message the JSON-RPC message of a POST, parsed; undefined for other methods
   */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    message: unknown,
    caller: McpCaller,
  ): Promise<void>;
  /** Lets tools that are being called answer within the time, then ends what is open. */
  close(deadline_ms: number): Promise<void>;
}

const INSTRUCTIONS =
  'Tools of a Q∞ node. Every answer is an envelope: status, code, message, data; failures say in ' +
  'suggestedActions what to do, and in details.why which grant or limit decided. A write repeated ' +
  'with the same arguments within ten minutes answers with the first result, unless again is true.';

/** The list changes only when the node starts anew. */
const LIST_TTL_MS = 60_000;

/**
 * @param target the node
 * @throws Error when two tools have one name
 */
export function createMcpEndpoint(target: CallTarget, log: SurfaceLog | undefined): McpEndpoint {
  const tools = createToolList(target.contracts);
  /** Who sent the request that a server was made for; the SDK has no place for it. */
  const callers = new AsyncLocalStorage<McpCaller>();

  /** Calls under way: the SDK cuts them when it is closed. */
  const underWay = new Set<Promise<unknown>>();
  const called = <T>(call: Promise<T>): Promise<T> => {
    const ended = call.catch(() => undefined).finally(() => underWay.delete(ended));
    underWay.add(ended);
    return call;
  };

  const serverFor = (): Server => {
    const caller = callers.getStore();
    if (caller === undefined) throw new Error('An MCP server was made outside of a request.');
    const server = new Server(
      { name: 'q-node', title: 'Q∞ node', version: '1.0.0' },
      {
        capabilities: { tools: {} },
        instructions: INSTRUCTIONS,
        cacheHints: { 'tools/list': { ttlMs: LIST_TTL_MS, cacheScope: 'public' } },
      },
    );
    server.setRequestHandler('tools/list', ({ params }) => {
      const page = tools.page(caller.names, params?.cursor);
      if (page === undefined)
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          'The cursor is not one of this list.',
        );
      return page;
    });
    server.setRequestHandler('tools/call', ({ params }, { mcpReq }) => {
      const tool = tools.find(params.name);
      if (tool === undefined)
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
      return withProgress(mcpReq, called(callTool(target, tool, params, caller)));
    });
    return server;
  };

  const report = (error: Error) => log?.failed?.(error, callers.getStore()?.requestId ?? 'mcp');
  const handler = createMcpHandler(serverFor, { onerror: report });
  const serve = toNodeHandler(handler, { onerror: report });
  return {
    handle: (request, response, message, caller) =>
      callers.run(caller, () => serve(withoutBody(request), response, message)),
    close: async (deadline_ms) => {
      let late: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        late = setTimeout(resolve, deadline_ms);
      });
      await Promise.race([Promise.all(underWay), deadline]);
      clearTimeout(late);
      // What a tool answered is on its way to the response when its call ends.
      await nextTurn();
      await handler.close();
    },
  };
}

/** What the SDK reads of a request whose body was read before. */
const withoutBody = ({ method = 'GET', url = '/', headers }: IncomingMessage) => ({
  method,
  url,
  headers,
  async *[Symbol.asyncIterator](): AsyncGenerator<never> {},
});
