import { COMMON_ERRORS, type AnyContract, type AnyOperation } from '@anarq/common-schemas';
import { code, codes, table } from './markdown.ts';
import { markdownNote } from './notes.ts';
import { accessInWords, signatureInWords } from './words.ts';

const ceiling = (op: AnyOperation): string =>
  op.authorises === undefined
    ? 'spends nothing'
    : `at most ${code(op.authorises.amount)} in ${code(op.authorises.unit)}, as the caller signed it`;

/** What happens to a caller that nothing allows. */
function denial(op: AnyOperation): string {
  switch (op.access) {
    case 'public':
      return 'Nobody is refused for who they are; limits still hold.';
    case 'tenant':
      return 'Without an identity of this tenant: QLOCK_AUTH_FAIL or QONSENT_DENIED; nothing is read or written.';
    case 'proved':
      return 'Without a proof: QLOCK_AUTH_FAIL. What no grant covers is not in the answer.';
    case 'granted':
      return 'Without ownership or a grant in force: QONSENT_DENIED with its why; nothing is read or written, and the denial is recorded.';
  }
}

/** security/policies.md: who may do what in this module, and what stops everybody else. */
export function policies(contract: AnyContract): string {
  const operations = Object.values(contract.operations);
  return [
    markdownNote,
    `# Policies of ${contract.title}\n\n`,
    'Everything is denied unless a line below allows it. A grant is a UCAN chain whose command covers\n',
    'the scope, for the subject and resource of the call; revoking it takes effect on the next call.\n\n',
    table(
      ['Operation', 'Kind', 'Access', 'Scope', 'Resource', 'Signature'],
      operations.map((op) => [
        code(op.id),
        op.kind,
        op.access,
        code(op.command),
        op.resource === undefined ? 'the subject' : code(op.resource),
        op.signature,
      ]),
    ),
    ...operations.map(detail),
    '\n## Errors of every operation\n\n',
    `${codes(COMMON_ERRORS)}\n`,
  ].join('');
}

/** What a caller gets while the module runs in another process that cannot be asked. */
function fallback({ fallback: policy }: AnyOperation): string[] {
  switch (policy.strategy) {
    case 'REJECT':
      return [];
    case 'CACHE':
      return [
        `- While its process cannot be reached: the last answer to the same caller, of at most ${policy.age_ms} ms before, marked as stale\n`,
      ];
    case 'QUEUE':
      return [
        `- While its process cannot be reached: kept for at most ${policy.within_ms} ms, and made once, under its key, when it is back; the caller gets a job\n`,
      ];
  }
}

const detail = (op: AnyOperation): string =>
  [
    `\n## ${op.id}\n\n`,
    `${op.summary}\n\n`,
    `- Who may call: ${accessInWords(op)}\n`,
    `- Proof: ${signatureInWords(op)}\n`,
    `- Denied by default: ${denial(op)}\n`,
    `- Ceiling: ${ceiling(op)}\n`,
    `- Limits: ${op.limits.perMinute} calls a minute of one identity, ${op.limits.bodyBytes} bytes of input, ${op.limits.timeout_ms} ms\n`,
    ...fallback(op),
    `- May call, as its steps: ${codes(op.uses)}\n`,
    `- Own errors: ${codes(op.errors)}\n`,
  ].join('');
