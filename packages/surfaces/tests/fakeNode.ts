import { failure, type AnyContract, type AnyOperation, type Result } from '@anarq/common-schemas';
import { compileValidator, type Validator } from '@anarq/common-schemas/validator';
import type { Call, TransferContent, TransferPart } from '@anarq/kernel';
import type { CallTarget } from '../src/index.ts';
import { everything, everyWord } from '../../schemas/tests/everyWord.ts';

type Answer = (call: Call) => Promise<Result<unknown>> | Result<unknown>;

export const ok = (data: unknown, more: { replayed?: true } = {}): Result<unknown> => ({
  status: 'ok',
  code: 'SUCCESS',
  message: 'Done.',
  data,
  ...more,
});

/** A node that validates as the kernel does and echoes; tests replace what they are about. */
export interface FakeNode extends CallTarget {
  readonly calls: Call[];
  readonly parts: { ticket: string; index: number; sha256Hex: string | undefined; bytes: Buffer }[];
  /** Operation id to what it answers, once its input is valid. */
  readonly answers: Map<string, Answer>;
  content: (range: string | undefined) => TransferContent;
  receive: (part: TransferPart) => Promise<Result<unknown>>;
}

export function fakeNode(contracts: readonly AnyContract[] = [everyWord]): FakeNode {
  const operations = new Map<string, { op: AnyOperation; input: Validator }>(
    contracts.flatMap((contract) =>
      Object.values(contract.operations).map(
        (op) => [op.id, { op, input: compileValidator(op.input) }] as const,
      ),
    ),
  );
  const node: FakeNode = {
    calls: [],
    parts: [],
    answers: new Map<string, Answer>([
      ['everyword.echo', (call) => ok(call.input)],
      ['everyword.run', (call) => ok(call.input)],
      ['everyword.list', () => ok({ items: [everything] })],
    ]),
    contracts,
    node: { did: 'did:squid:node', modules: { everyword: 'did:squid:module' } },
    logKeys: { trust: 'log+trust', ed25519: 'log+ed', mldsa44: 'log+ml' },
    health: async () => ({ status: 'healthy', version: '1.0.0', dependencies: {} }),
    async follow(call) {
      const said = { requestId: call.requestId ?? 'none', now_ms: 0 };
      return { ok: false, failure: failure('OPERATION_UNKNOWN', said) };
    },
    async showTicket(_ticket, requestId) {
      return { ok: false, failure: failure('QLOCK_AUTH_FAIL', { requestId, now_ms: 0 }) };
    },
    async invoke(call) {
      node.calls.push(call);
      const said = { requestId: call.requestId ?? 'none', now_ms: 0 };
      const known = operations.get(call.operation);
      if (known === undefined) return failure('OPERATION_UNKNOWN', said);
      if (call.credential.kind === 'anonymous' && known.op.access !== 'public')
        return failure('QLOCK_AUTH_FAIL', said);
      const violations = known.input.violations(call.input);
      if (violations.length > 0) return failure('INPUT_INVALID', said, undefined, { violations });
      const answer = node.answers.get(call.operation);
      return answer === undefined ? ok({}) : answer(call);
    },
    receive: async (part) => {
      for await (const _ of part.body) void _;
      return ok({});
    },
    async receivePart(ticket, part) {
      const chunks: Uint8Array[] = [];
      async function* recorded() {
        for await (const chunk of part.body) {
          chunks.push(chunk);
          yield chunk;
        }
      }
      const result = await node.receive({ ...part, body: recorded() });
      node.parts.push({
        ticket,
        index: part.index,
        sha256Hex: part.sha256Hex,
        bytes: Buffer.concat(chunks),
      });
      return result;
    },
    content: () => contentOf(Buffer.from('content')),
    async sendContent(ticket, range) {
      if (!ticket.startsWith('ticket'))
        return { ok: false, failure: failure('TICKET_INVALID', { requestId: 'req_t', now_ms: 0 }) };
      return { ok: true, content: node.content(range) };
    },
  };
  return node;
}

/** Content in pieces, or the range of it that a simple Range header names. */
export function contentOf(bytes: Buffer, range?: string, pieceBytes = 65_536): TransferContent {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(from ?? 0);
  const end = to === undefined || to === '' ? bytes.length - 1 : Number(to);
  return {
    headers: { 'content-type': 'application/octet-stream' },
    totalBytes: bytes.length,
    start,
    end,
    partial: from !== undefined,
    body: (async function* () {
      for (let at = start; at <= end; at += pieceBytes)
        yield bytes.subarray(at, Math.min(at + pieceBytes, end + 1));
    })(),
  };
}
