import { fail } from '@anarq/common-schemas';
import { bridgeStdio } from '@anarq/surfaces';
import { findNode } from '../connection.ts';
import { freshToken } from './agent.ts';

interface McpOptions {
  readonly data: string;
  readonly agent?: string;
  readonly url?: string;
  readonly token?: string;
}

/**
 * Carries MCP between a program that speaks it on standard input and output, and a node. Standard
 * output is the protocol's: everything else is said on standard error.
 */
export async function mcp(options: McpOptions): Promise<void> {
  const { data, agent, url } = options;
  if (agent !== undefined && (url !== undefined || options.token !== undefined))
    fail('INPUT_INVALID', '--agent makes a token on this machine; leave out --url and --token.');
  const endpoint = url ?? `${(await findNode(data)).url}/mcp`;
  if (!URL.canParse(endpoint)) fail('INPUT_INVALID', `${endpoint} is not a URL.`);
  const token = agent === undefined ? options.token : await freshToken(agent, data);
  await bridgeStdio({
    input: process.stdin,
    output: process.stdout,
    url: endpoint,
    ...(token === undefined ? {} : { token }),
    report: (text) => process.stderr.write(`q mcp: ${text}\n`),
  });
}
