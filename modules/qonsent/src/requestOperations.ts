import { command, event, page, pageInput, query, t } from '@anarq/common-schemas';
import {
  BudgetModel,
  CallLimitsModel,
  grantCommand,
  GrantRequestModel,
  IssuedModel,
  operationName,
  resource,
} from './models.ts';

/** Open requests of one root identity and all that is below it, and those that wait for one owner. */
export const OPEN_OF_ASKER_MAX = 16;
export const OPEN_OF_OWNER_MAX = 200;
/** How long a request waits for an answer, unless it says less or more. */
export const OPEN_DAYS = 7;
export const OPEN_DAYS_MAX = 30;

const OWNER = 'did:squid:QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh51';
const REQUEST = 'request_01990000000070008000000000000000';

const requestId = () => t.id({ description: 'Id of the request.' });
const policy = (description: string) => t.optional(t.json({ maxBytes: 16_384, description }));
const note = () => t.optional(t.string({ maxLength: 500, description: 'What you say about it.' }));

/** The operations by which somebody asks for a grant, and somebody answers. */
export const requestOperations = {
  request: command({
    summary: 'Ask somebody for a grant: for more than one may, or for another budget.',
    http: 'POST /requests',
    mcp: { tool: 'consent.request', destructive: false },
    access: 'proved',
    scope: 'qonsent/request',
    input: t.object({
      from: t.did({ description: 'Who is asked; a refusal names it as changeableBy.' }),
      subject: t.optional(
        t.did({ description: 'Whose authority it is about, where that is not who is asked.' }),
      ),
      command: grantCommand(),
      resource: t.optional(resource()),
      operations: t.optional(t.array(operationName(), { minItems: 1, maxItems: 64 })),
      policy: policy('Further UCAN policy statements that the grant may have, a list.'),
      budget: t.optional(BudgetModel),
      calls: t.optional(CallLimitsModel),
      expiresAt: t.optional(t.instant({ description: 'When the grant would end.' })),
      reason: t.string({ minLength: 1, maxLength: 500, description: 'What it is needed for.' }),
      openUntil: t.optional(
        t.instant({
          description: 'Until when an answer is of use; default a week, at most 30 days.',
        }),
      ),
    }),
    output: GrantRequestModel,
    errors: ['AMOUNT_INVALID', 'GRANT_MALFORMED', 'LIMIT_EXCEEDED', 'STATE_CONFLICT'],
    emits: ['q.qonsent.request.asked.v1'],
    examples: [
      {
        summary: 'A budget for a larger purchase',
        input: {
          from: OWNER,
          command: '/qmarket/purchase',
          budget: { unit: 'rUv', total: '40', perCall: '40' },
          reason: 'The whole series is sold together, for 36 rUv.',
        },
      },
    ],
  }),
  myRequests: query({
    summary: 'List what the caller itself asked for, newest first, and what came of it.',
    http: 'GET /requests/mine',
    mcp: { tool: 'consent.myRequests', destructive: false },
    access: 'proved',
    scope: 'qonsent/myRequests',
    personal: true,
    input: t.object(pageInput),
    output: page(GrantRequestModel),
    examples: [{ summary: 'The newest', input: {} }],
  }),
  withdrawRequest: command({
    summary: 'Take back a request that was not answered yet.',
    http: 'POST /requests/{requestId}/withdraw',
    mcp: { tool: 'consent.withdrawRequest', destructive: false },
    access: 'proved',
    scope: 'qonsent/withdrawRequest',
    input: t.object({ requestId: requestId() }),
    output: GrantRequestModel,
    errors: ['STATE_CONFLICT'],
    emits: ['q.qonsent.request.answered.v1'],
    examples: [{ summary: 'Not needed any more', input: { requestId: REQUEST } }],
  }),
  requests: query({
    summary: 'List what others ask the caller to let them do, newest first.',
    http: 'GET /requests',
    scope: 'qonsent/requests',
    personal: true,
    input: t.object({
      ...pageInput,
      all: t.optional(t.boolean({ description: 'Also those that were answered, or ran out.' })),
    }),
    output: page(GrantRequestModel),
    examples: [{ summary: 'What waits for an answer', input: {} }],
  }),
  approveRequest: command({
    summary: 'Give what was asked for, or less.',
    http: 'POST /requests/{requestId}/approve',
    mcp: { tool: 'consent.approveRequest', destructive: true },
    resource: 'request/{requestId}',
    scope: 'qonsent/approveRequest',
    signature: 'full',
    input: t.object({
      requestId: requestId(),
      policy: policy('Statements that must hold besides those asked for, a list.'),
      budget: t.optional(BudgetModel),
      calls: t.optional(CallLimitsModel),
      expiresAt: t.optional(t.instant({ description: 'Not later than was asked for.' })),
      proof: t.optional(
        t.cid({ description: 'The grant that is passed on; needed unless one gives of its own.' }),
      ),
      token: t.optional(
        t.bytes({
          maxBytes: 65_536,
          description:
            'The delegation, signed by whoever keeps its own keys. It says no more than was asked for.',
        }),
      ),
      note: note(),
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
    emits: ['q.qonsent.grant.issued.v1', 'q.qonsent.request.answered.v1'],
    examples: [
      {
        summary: 'Less than it asked for',
        input: { requestId: REQUEST, budget: { unit: 'rUv', total: '36', perCall: '36' } },
      },
    ],
  }),
  refuseRequest: command({
    summary: 'Say no to a request, and why.',
    http: 'POST /requests/{requestId}/refuse',
    mcp: { tool: 'consent.refuseRequest', destructive: false },
    resource: 'request/{requestId}',
    scope: 'qonsent/refuseRequest',
    signature: 'full',
    input: t.object({ requestId: requestId(), note: note() }),
    output: GrantRequestModel,
    errors: ['STATE_CONFLICT'],
    emits: ['q.qonsent.request.answered.v1'],
    examples: [
      { summary: 'No', input: { requestId: REQUEST, note: 'The series is not worth it.' } },
    ],
  }),
};

/** Under which grant it was asked, so that an agent with a token reads of its own request. */
const askedUnder = () => t.optional(t.cid({ description: 'The grant with which it was asked.' }));

export const requestEvents = {
  'q.qonsent.request.asked.v1': event({
    summary: 'Somebody asks for a grant.',
    subject: 'from',
    visibleTo: ['from', 'asker', 'askedUnder'],
    schema: t.object({
      requestId: requestId(),
      asker: t.did(),
      from: t.did(),
      command: t.string({ maxLength: 256 }),
      openUntil: t.instant(),
      askedUnder: askedUnder(),
    }),
  }),
  'q.qonsent.request.answered.v1': event({
    summary: 'A request for a grant was answered, or taken back.',
    subject: 'asker',
    visibleTo: ['from', 'asker', 'askedUnder'],
    schema: t.object({
      requestId: requestId(),
      asker: t.did(),
      from: t.did(),
      answer: t.enum(['APPROVED', 'REFUSED', 'WITHDRAWN']),
      grant: t.optional(t.cid()),
      askedUnder: askedUnder(),
    }),
  }),
};
