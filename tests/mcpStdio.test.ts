import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServedNode, type ServedNode } from './servedNode.ts';

const MAIN = join(import.meta.dirname, '../apps/cli/src/main.ts');
interface Registry {
  readonly modules: readonly { readonly capabilities: { readonly tools: object } }[];
}

let node: ServedNode;

beforeAll(async () => {
  node = await startServedNode();
});
afterAll(() => node.close());

describe('q mcp', () => {
  it.each(['auto', 'legacy'] as const)(
    'is an MCP server on standard input and output for a stock client (%s)',
    async (mode) => {
      const client = new Client(
        { name: 'stock-client', version: '1.0.0' },
        mode === 'auto' ? { versionNegotiation: { mode } } : {},
      );
      await client.connect(
        new StdioClientTransport({
          command: process.execPath,
          args: ['--disable-warning=ExperimentalWarning', MAIN, 'mcp', '--url', `${node.url}/mcp`],
        }),
      );
      try {
        const { tools } = await client.listTools();
        const registry: unknown = await (await fetch(`${node.url}/tools`)).json();
        const offered = (registry as Registry).modules.flatMap(({ capabilities }) =>
          Object.keys(capabilities.tools),
        );
        expect(tools.map(({ name }) => name)).toEqual(offered);
        const answer = await client.callTool({ name: 'qerberos.checkpoint', arguments: {} });
        expect(answer.structuredContent).toMatchObject({ status: 'ok' });
      } finally {
        await client.close();
      }
    },
  );
});
