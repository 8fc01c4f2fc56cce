import { bearer, createClient, http } from '@anarq/common-clients';
import {
  fail,
  QError,
  type AnyContract,
  type AnyOperation,
  type Failure,
} from '@anarq/common-schemas';
import { compileValidator } from '@anarq/common-schemas/validator';
import { findNode, operatorClient } from '../connection.ts';
import { columns, paint, say, tellError, tick } from '../terminal.ts';

interface CallOptions {
  readonly data: string;
  readonly subject?: string;
  readonly grant?: string;
  readonly key?: string;
  readonly token?: string;
  readonly module?: readonly string[];
  readonly json?: boolean;
  readonly help?: boolean;
}

/** Contracts of modules that the node was started with beside its own. */
async function outsideContracts({ module = [] }: CallOptions): Promise<AnyContract[]> {
  if (module.length === 0) return [];
  const { loadOutside } = await import('../outsideModule.ts');
  return Promise.all(module.map(async (path) => (await loadOutside(path)).contract));
}

/** Calls one operation. What it takes is read from its contract. */
export async function call(
  operationId: string | undefined,
  inputText: string,
  options: CallOptions,
): Promise<void> {
  const { loadContracts } = await import('@anarq/node/modules');
  const contracts = [...(await loadContracts()), ...(await outsideContracts(options))];
  if (operationId === undefined) return listOperations(contracts);
  const op = findOperation(contracts, operationId);
  if (options.help === true) {
    const { helpOf } = await import('@anarq/derive');
    return say(helpOf(op));
  }
  const input = parseInput(inputText);
  const violations = compileValidator(op.input).violations(input);
  if (violations.length > 0) fail('INPUT_INVALID', undefined, { violations });
  const client =
    options.token === undefined
      ? (await operatorClient(options.data, contracts)).client
      : createClient({
          contracts,
          transport: http({
            url: (await findNode(options.data)).url,
            credentials: bearer(options.token),
          }),
        });
  const result = await client.result(op, input, {
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    ...(options.grant === undefined ? {} : { grant: options.grant }),
    ...(options.key === undefined ? {} : { idempotencyKey: options.key }),
  });
  if (options.json === true) say(JSON.stringify(result));
  else if (result.status === 'ok') {
    say(JSON.stringify(result.data, null, 2));
    if (result.cid !== undefined)
      process.stderr.write(
        `${tick} ${paint.dim(`${result.replayed === true ? 'answered before, not done again; ' : ''}record ${result.cid}`)}\n`,
      );
  } else tellError(errorOf(result));
  if (result.status === 'error') process.exitCode = 1;
}

const errorOf = (failure: Failure): QError =>
  new QError(failure.code, failure.message, failure.details);

function findOperation(contracts: readonly AnyContract[], id: string): AnyOperation {
  for (const contract of contracts)
    for (const op of Object.values(contract.operations))
      if (op.id === id || (op.mcp !== false && op.mcp.tool === id)) return op;
  const near = contracts
    .flatMap(({ operations }) => Object.values(operations))
    .filter((op) => op.id.split('.').some((word) => id.includes(word)))
    .map((op) => op.id)
    .slice(0, 6);
  return fail(
    'OPERATION_UNKNOWN',
    `There is no operation ${id}.${near.length === 0 ? '' : ` Near it: ${near.join(', ')}.`}`,
  );
}

function parseInput(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    return fail('INPUT_MALFORMED', `The input is not JSON: ${(error as Error).message}.`);
  }
  return fail('INPUT_MALFORMED', 'The input is one JSON object, in quotes: \'{"query":"zones"}\'.');
}

function listOperations(contracts: readonly AnyContract[]): void {
  say(
    `Usage: q call ${paint.cyan('MODULE.OPERATION')} 'JSON'   ${paint.dim('(--help after an operation says what it takes)')}\n`,
  );
  say('  --subject DID   on whose behalf          --grant CID   the grant to use');
  say(
    '  --token TOKEN   as an agent              --key TEXT    idempotency key; default: a fresh one',
  );
  say('  --data FOLDER   which node               --json        the whole envelope, on one line\n');
  for (const contract of contracts) {
    say(paint.bold(contract.title));
    const rows = Object.values(contract.operations).map((op) => [
      `  ${op.id}`,
      paint.dim(op.summary),
    ]);
    for (const line of columns(rows)) say(line);
  }
}
