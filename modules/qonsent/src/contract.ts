import {
  command,
  contract,
  event,
  page,
  pageInput,
  query,
  t,
  WhySchema,
} from '@anarq/common-schemas';
import {
  BudgetModel,
  BudgetStateModel,
  CallLimitsModel,
  grantCommand,
  GrantModel,
  IssuedModel,
  operationName,
  resource,
} from './models.ts';
import { allotmentOperations } from './allotmentOperations.ts';
import { requestEvents, requestOperations } from './requestOperations.ts';

const AGENT = 'did:squid:QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh51';
const GRANT = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';

/** Who may do what on whose behalf, within which limit, until when. */
export const qonsent = contract({
  name: 'qonsent',
  version: '1.0.0',
  title: 'Consent',
  purpose: 'Grants that can be passed on only narrower, and revoked with effect on the next call.',
  operations: {
    grant: command({
      summary: 'Let somebody act within limits: on behalf of the caller, or with what it holds.',
      http: 'POST /grants',
      scope: 'qonsent/grant',
      signature: 'full',
      limits: { perMinute: 600 },
      input: t.object({
        audience: t.did({ description: 'Who may use it.' }),
        command: grantCommand(),
        resource: t.optional(resource()),
        operations: t.optional(t.array(operationName(), { minItems: 1, maxItems: 64 })),
        policy: t.optional(
          t.json({ maxBytes: 16_384, description: 'Further UCAN policy statements, a list.' }),
        ),
        notBefore: t.optional(t.instant()),
        expiresAt: t.optional(t.instant()),
        budget: t.optional(BudgetModel),
        calls: t.optional(CallLimitsModel),
        proof: t.optional(
          t.cid({
            description: 'The grant that is passed on; needed unless one gives of its own.',
          }),
        ),
        purpose: t.optional(t.string({ maxLength: 256, description: 'What it is for.' })),
        token: t.optional(
          t.bytes({
            maxBytes: 65_536,
            description:
              'The delegation, signed by whoever keeps its own keys. It alone counts: what stands beside it must stand in it.',
          }),
        ),
      }),
      output: IssuedModel,
      errors: [
        'GRANT_MALFORMED',
        'GRANT_OVER_BROAD',
        'GRANT_CHAIN_BROKEN',
        'GRANT_CYCLIC',
        'CUSTODY_REFUSED',
        'AMOUNT_INVALID',
        'STATE_CONFLICT',
      ],
      emits: ['q.qonsent.grant.issued.v1'],
      examples: [
        {
          summary: 'An agent may buy for at most 20 rUv, 5 a purchase',
          input: {
            audience: AGENT,
            command: '/qmarket/purchase',
            budget: { unit: 'rUv', total: '20', perCall: '5' },
            expiresAt: '2030-01-01T00:00:00Z',
            purpose: 'shopping',
          },
        },
        {
          summary: 'One file may be read',
          input: { audience: AGENT, command: '/qdrive/get', resource: 'qdrive/file/file_1' },
        },
      ],
    }),
    check: query({
      summary: 'Say whether a grant allows something, and why.',
      http: 'POST /check',
      scope: 'qonsent/check',
      input: t.object({
        audience: t.did(),
        command: grantCommand(),
        resource: t.optional(resource()),
        operation: t.optional(operationName()),
        input: t.optional(
          t.json({ description: 'The input of the call, where a policy speaks about it.' }),
        ),
      }),
      output: t.object({ allowed: t.boolean(), why: WhySchema }),
      examples: [
        {
          summary: 'May it read this file?',
          input: { audience: AGENT, command: '/qdrive/get', resource: 'qdrive/file/file_1' },
        },
      ],
    }),
    revoke: command({
      summary: 'End a grant, and every one that was built on it, from the next call on.',
      http: 'POST /grants/{grant}/revoke',
      scope: 'qonsent/revoke',
      signature: 'full',
      input: t.object({
        grant: t.cid(),
        reason: t.optional(t.string({ maxLength: 256 })),
      }),
      output: t.object({ grant: t.cid(), revokedAt: t.instant() }),
      emits: ['q.qonsent.revoked.v1'],
      examples: [{ summary: 'At once', input: { grant: GRANT } }],
    }),
    get: query({
      summary: 'Show a grant that the caller gave, holds, or is the subject of.',
      http: 'GET /grants/{grant}',
      scope: 'qonsent/get',
      input: t.object({ grant: t.cid() }),
      output: GrantModel,
      examples: [{ summary: 'By its CID', input: { grant: GRANT } }],
    }),
    list: query({
      summary: 'List the grants that the caller gave or holds, newest first.',
      http: 'GET /grants',
      scope: 'qonsent/list',
      input: t.object(pageInput),
      output: page(GrantModel),
      examples: [{ summary: 'The newest', input: {} }],
    }),
    ...requestOperations,
    ...allotmentOperations,
    budget: query({
      summary: 'Say what was spent under a grant, and what is left, at each link of its chain.',
      http: 'GET /grants/{grant}/budget',
      scope: 'qonsent/budget',
      input: t.object({ grant: t.cid() }),
      output: t.object({
        grant: t.cid(),
        budgets: t.array(BudgetStateModel, { maxItems: 16 }),
      }),
      examples: [{ summary: 'By its CID', input: { grant: GRANT } }],
    }),
  },
  events: {
    ...requestEvents,
    'q.qonsent.grant.issued.v1': event({
      summary: 'A grant is in force.',
      subject: 'grant',
      visibleTo: ['issuer', 'audience', 'subject'],
      schema: t.object({
        grant: t.cid(),
        issuer: t.did(),
        audience: t.did(),
        subject: t.did(),
        command: t.string({ maxLength: 256 }),
        exp: t.integer({ minimum: 0, description: 'Seconds since 1970; 0: never.' }),
      }),
    }),
    'q.qonsent.revoked.v1': event({
      summary: 'A grant, and what was built on it, is no longer in force.',
      subject: 'grant',
      visibleTo: ['issuer', 'audience', 'subject'],
      schema: t.object({ grant: t.cid(), issuer: t.did(), audience: t.did(), subject: t.did() }),
    }),
    'q.qonsent.budget.alert.v1': event({
      summary:
        'A call took a budget to a level: 80, 95 or 100 percent of its total, or of the limit of a period.',
      subject: 'grant',
      visibleTo: ['issuer', 'audience'],
      schema: t.object({
        grant: t.cid({ description: 'The link of a chain that carries the budget.' }),
        issuer: t.did(),
        audience: t.did(),
        level: t.enum(['WARNING', 'CRITICAL', 'CUTOFF']),
        percent: t.integer({ minimum: 1, maximum: 100 }),
        unit: t.string({ maxLength: 64, description: '`call` where it counts calls.' }),
        total: t.decimal({ description: 'The limit; of a period, where one is named.' }),
        period: t.optional(t.enum(['minute', 'hour', 'day', 'month'])),
        periodStart: t.optional(t.instant()),
      }),
    }),
  },
});
