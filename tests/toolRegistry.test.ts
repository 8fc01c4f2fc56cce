import { anonymous, createClient, http, mcp, type Client } from '@anarq/common-clients';
import { node as nodeModule } from '@anarq/node-module/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentOf } from './delegates.ts';
import { bringIn, startServedNode, type ServedNode } from './servedNode.ts';

let served: ServedNode;
let clients: readonly (readonly [string, Client])[];

beforeAll(async () => {
  served = await startServedNode();
  const alice = await bringIn(served, 'alice');
  const { token } = await agentOf(served, alice, 'reader', { command: '/qindex/get' });
  const contracts = [nodeModule];
  const { url } = served;
  clients = [
    ['HTTP', createClient({ contracts, transport: http({ url, credentials: anonymous() }) })],
    ['MCP', createClient({ contracts, transport: mcp({ url: `${url}/mcp`, token }) })],
  ];
}, 60_000);
afterAll(() => served.close());

interface Registry {
  readonly module: string;
  readonly version: string;
  readonly capabilities: { readonly tools: object; readonly events: object };
}
const route = async <T>(path: string, body?: unknown): Promise<T> => {
  const init =
    body === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        };
  return (await (await fetch(served.url + path, init)).json()) as T;
};

describe('the tools of a node', () => {
  it('are listed by an operation as at /tools, over HTTP and MCP', async () => {
    const { modules } = await route<{ modules: readonly Registry[] }>('/tools');
    const expected = modules.map(({ module, version, capabilities }) => ({
      module,
      version,
      tools: Object.keys(capabilities.tools),
      events: Object.keys(capabilities.events),
    }));
    expect(expected.length).toBeGreaterThan(5);
    for (const [name, client] of clients)
      expect([name, (await client.call(nodeModule.tools, {})).items]).toEqual([name, expected]);
  });

  it('are shown in full of one module', async () => {
    const shown = await route<Registry>('/tools/qdrive');
    for (const [, client] of clients) {
      const { items } = await client.call(nodeModule.tools, { module: 'qdrive' });
      const [{ registry } = {}] = items;
      expect((registry as { capabilities?: unknown } | undefined)?.capabilities).toEqual(
        shown.capabilities,
      );
      const unknown = await client.result(nodeModule.tools, { module: 'nothing' });
      expect(unknown.code).toBe('QINDEX_NOT_FOUND');
    }
  });

  it('are agreed on as at /tools/negotiate', async () => {
    const clientRequirements = {
      module: 'qdrive',
      minVersion: '1.0.0',
      maxVersion: '1.9.0',
      requiredCapabilities: ['qdrive.get', 'wallet.pay'],
    };
    const { data } = await route<{ data: unknown }>('/tools/negotiate', { clientRequirements });
    for (const [, client] of clients) {
      const agreed = await client.call(nodeModule.negotiate, clientRequirements);
      expect(agreed).toEqual(data);
      expect(agreed.serverResponse.limitations).toContain('qdrive does not offer wallet.pay.');
      const codeOf = async (demands: { module: string; minVersion?: string }) =>
        (await client.result(nodeModule.negotiate, demands)).code;
      expect(await codeOf({ module: 'qdrive', minVersion: '99.0.0' })).toBe('VERSION_UNSUPPORTED');
      expect(await codeOf({ module: 'nothing' })).toBe('DEPENDENCY_MISSING');
      expect(await codeOf({ module: 'qdrive', minVersion: 'latest' })).toBe('INPUT_INVALID');
    }
  });
});
