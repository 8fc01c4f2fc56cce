import { errorTable, type AnyContract, type AnyOperation } from '@anarq/common-schemas';
import { toJsonSchema, type JsonObject } from './jsonSchema.ts';
import { failureProperties, failureRequired, staleSchema } from './openapiParts.ts';
import { isWrite, nameInWords } from './words.ts';

/** One entry of an MCP server's tool list, and the operation behind it. */
export interface ToolEntry {
  readonly name: string;
  /** The same tool for models that take only [A-Za-z0-9_-]. */
  readonly alias: string;
  /** Id of the operation: 'qwallet.pay'. */
  readonly operation: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonObject & { readonly type: 'object' };
  readonly outputSchema: JsonObject & { readonly type: 'object' };
  readonly annotations: {
    readonly title: string;
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: false;
  };
}

const TOOL_NAME = /^[A-Za-z][A-Za-z0-9]*([._][A-Za-z0-9]+)*$/;
const TOOL_NAME_CHARS_MAX = 64;

/** Arguments that every writing tool takes beside its own. */
export const CALL_ARGUMENTS = {
  idempotencyKey: {
    type: 'string',
    minLength: 1,
    maxLength: 128,
    description: 'Same key, same call: a retry answers with the first result.',
  },
  again: {
    type: 'boolean',
    description: 'true: repeat on purpose what was done within the last ten minutes.',
  },
} as const;

/**
 * The tools of several contracts, in the order of their operations.
 * @throws Error for a name that is taken, or that tools cannot have, and for an input that takes a
 * member of the call itself
 */
export function toolsOf(contracts: readonly AnyContract[]): ToolEntry[] {
  const taken = new Set<string>();
  const tools: ToolEntry[] = [];
  for (const contract of contracts)
    for (const op of Object.values(contract.operations)) {
      if (op.mcp === false) continue;
      const tool = toolOf(contract, op, op.mcp);
      for (const name of new Set([tool.name, tool.alias])) {
        if (taken.has(name)) throw new Error(`${op.id}: the tool name ${name} is taken`);
        taken.add(name);
      }
      tools.push(tool);
    }
  return tools;
}

function toolOf(
  contract: AnyContract,
  op: AnyOperation,
  mcp: { readonly tool: string; readonly destructive: boolean },
): ToolEntry {
  if (!TOOL_NAME.test(mcp.tool) || mcp.tool.length > TOOL_NAME_CHARS_MAX)
    throw new Error(`${op.id}: ${mcp.tool} is not a tool name`);
  const title = `${contract.title}: ${nameInWords(op.name)}`;
  return {
    name: mcp.tool,
    alias: mcp.tool.replaceAll('.', '_'),
    operation: op.id,
    title,
    description: describe(op),
    inputSchema: inputSchemaOf(op),
    outputSchema: outputSchemaOf(op),
    annotations: {
      title,
      readOnlyHint: !isWrite(op),
      destructiveHint: isWrite(op) && mcp.destructive,
      // A write repeated without a key acts again, at the latest after ten minutes.
      idempotentHint: !isWrite(op),
      openWorldHint: false,
    },
  };
}

/** What a model needs to know before it calls: purpose, cost, and how it may fail. */
function describe(op: AnyOperation): string {
  const errors = op.errors.map((code) => `${code} (${errorTable[code].message})`);
  return [
    op.summary,
    ...(op.authorises === undefined
      ? []
      : [
          `Spends at most ${op.authorises.amount} in ${op.authorises.unit}, counted against the budget of the grant.`,
        ]),
    ...(op.sunset === undefined ? [] : [`Deprecated: goes after ${op.sunset}.`]),
    ...(errors.length === 0 ? [] : [`Errors: ${errors.join('; ')}`]),
  ].join(' ');
}

function inputSchemaOf(op: AnyOperation): ToolEntry['inputSchema'] {
  const { title: _, ...input } = toJsonSchema(op.input, { refs: 'inline' });
  if (!isWrite(op)) return { ...input, type: 'object' };
  const members = input['properties'] as JsonObject;
  for (const name of Object.keys(CALL_ARGUMENTS))
    if (Object.hasOwn(members, name))
      throw new Error(`${op.id}: the input member ${name} is an argument of the call itself`);
  return { ...input, type: 'object', properties: { ...members, ...CALL_ARGUMENTS } };
}

/**
 * The schema of `structuredContent`: the envelope, for success and failure, because clients check
 * the content of failed calls too.
 */
function outputSchemaOf(op: AnyOperation): ToolEntry['outputSchema'] {
  const { $defs, ...data } = toJsonSchema(op.output, { refs: 'inline' });
  const { status: _, code: __, ...failed } = failureProperties;
  return {
    type: 'object',
    required: ['status', 'code', 'message'],
    properties: {
      status: { type: 'string', enum: ['ok', 'error'] },
      code: {
        type: 'string',
        maxLength: 64,
        description: 'SUCCESS, or a code of the error table.',
      },
      data,
      ...failed,
      ...(op.fallback.strategy === 'CACHE' ? { stale: staleSchema } : {}),
    },
    additionalProperties: false,
    anyOf: [
      { properties: { status: { const: 'ok' } }, required: ['data'] },
      { properties: { status: { const: 'error' } }, required: [...failureRequired] },
    ],
    ...($defs === undefined ? {} : { $defs }),
  };
}

/** The mcp.json of a module: how a client reaches the node, and the tools that it finds there. */
export const mcpJson = (contract: AnyContract): JsonObject => ({
  mcpServers: { q: { type: 'http', url: 'http://127.0.0.1:8080/mcp' } },
  module: contract.name,
  version: contract.version,
  tools: toolsOf([contract]),
});
