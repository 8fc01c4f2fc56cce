import { command, query, t } from '@anarq/common-schemas';

/** Of one grant, on both sides, that are shown. */
const SHOWN_MAX = 200;

const GRANT = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
const NODE = 'did:squid:QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh51';
const OTHER = 'did:squid:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG';
const ALLOTMENT = 'allotment_01990000000070008000000000000000';

const unit = () => t.string({ maxLength: 64 });
const nodes = {
  from: t.did({ description: 'The node that counts the budgets, and set it aside.' }),
  to: t.did({ description: 'The node that may spend it.' }),
};
const signature = () =>
  t.bytes({ maxBytes: 4_096, description: 'Hybrid signature of the node over the rest.' });
const document = () =>
  t.json({ maxBytes: 16_384, description: 'Genesis document of that node: it proves its keys.' });

/** A part of a budget, signed by the node that set it aside. */
const AllotmentModel = t.named(
  'Allotment',
  t.object({
    allotmentId: t.id(),
    grant: t.cid({ description: 'The grant that it is for.' }),
    links: t.array(t.cid(), { minItems: 1, maxItems: 8 }),
    ...nodes,
    unit: unit(),
    amount: t.decimal(),
    expiresAt: t.instant({ description: 'From then on nothing is drawn.' }),
    signature: signature(),
    document: document(),
  }),
);

/** What was spent of one, signed by the node that spent it. */
const AllotmentReportModel = t.named(
  'AllotmentReport',
  t.object({
    allotmentId: t.id(),
    grant: t.cid(),
    ...nodes,
    unit: unit(),
    amount: t.decimal(),
    spent: t.decimal(),
    closedAt: t.instant(),
    signature: signature(),
    document: document(),
  }),
);

const AllotmentStateModel = t.named(
  'AllotmentState',
  t.object({
    allotmentId: t.id(),
    grant: t.cid(),
    side: t.enum(['GIVEN', 'TAKEN'], {
      description: 'Set aside here for another node, or elsewhere for this one.',
    }),
    ...nodes,
    unit: unit(),
    amount: t.decimal(),
    spent: t.decimal(),
    reserved: t.decimal({ description: 'Held; of one that was given, until it is settled.' }),
    expiresAt: t.instant(),
    state: t.enum(['OPEN', 'CLOSED', 'LOST']),
  }),
);

const allotment = {
  allotmentId: ALLOTMENT,
  grant: GRANT,
  from: NODE,
  to: OTHER,
  unit: 'rUv',
  amount: '5',
  signature: 'AA',
  document: {},
};

/** The operations by which one node lets another spend a part of the budgets that it counts. */
export const allotmentOperations = {
  allot: command({
    summary: 'Set a part of the budgets of a grant aside, to be spent on another node.',
    http: 'POST /grants/{grant}/allotments',
    mcp: { tool: 'consent.allot', destructive: false },
    access: 'proved',
    scope: 'qonsent/allot',
    signature: 'full',
    input: t.object({
      grant: t.cid(),
      node: t.did({ description: 'The other node.' }),
      amount: t.decimal({ description: 'In the unit of the budget.' }),
      expiresAt: t.optional(t.instant({ description: 'Default in an hour; at most a day.' })),
    }),
    output: AllotmentModel,
    errors: ['BUDGET_EXCEEDED', 'AMOUNT_INVALID', 'LIMIT_EXCEEDED', 'STATE_CONFLICT'],
    examples: [{ summary: 'Five, for an hour', input: { grant: GRANT, node: OTHER, amount: '5' } }],
  }),
  takeAllotment: command({
    summary: 'Bring what another node set aside for this one, so that calls may spend it here.',
    http: 'POST /allotments',
    mcp: { tool: 'consent.takeAllotment', destructive: false },
    access: 'proved',
    scope: 'qonsent/takeAllotment',
    input: AllotmentModel,
    output: AllotmentStateModel,
    errors: ['SIGNATURE_INVALID', 'GRANT_CHAIN_BROKEN', 'GRANT_EXPIRED', 'AMOUNT_INVALID'],
    examples: [
      {
        summary: 'As the other node gave it',
        input: { ...allotment, links: [GRANT], expiresAt: '2030-01-01T00:00:00Z' },
      },
    ],
  }),
  returnAllotment: command({
    summary: 'Close an allotment here: spend nothing more of it, and say what was spent.',
    http: 'POST /grants/{grant}/allotments/{allotmentId}/return',
    mcp: { tool: 'consent.returnAllotment', destructive: false },
    access: 'proved',
    scope: 'qonsent/returnAllotment',
    input: t.object({ grant: t.cid(), allotmentId: t.id() }),
    output: AllotmentReportModel,
    errors: ['STATE_CONFLICT'],
    examples: [{ summary: 'Done here', input: { grant: GRANT, allotmentId: ALLOTMENT } }],
  }),
  settleAllotment: command({
    summary: 'Bring back what another node says it spent: the rest of the allotment is free again.',
    http: 'POST /allotments/settle',
    mcp: { tool: 'consent.settleAllotment', destructive: false },
    access: 'proved',
    scope: 'qonsent/settleAllotment',
    input: AllotmentReportModel,
    output: AllotmentStateModel,
    errors: ['SIGNATURE_INVALID', 'GRANT_CHAIN_BROKEN', 'AMOUNT_INVALID', 'STATE_CONFLICT'],
    examples: [
      {
        summary: 'Two of five were spent',
        input: { ...allotment, spent: '2', closedAt: '2030-01-01T00:00:00Z' },
      },
    ],
  }),
  allotments: query({
    summary: 'List what was set aside of a grant, here and for here.',
    http: 'GET /grants/{grant}/allotments',
    access: 'proved',
    scope: 'qonsent/allotments',
    input: t.object({ grant: t.cid() }),
    output: t.object({ items: t.array(AllotmentStateModel, { maxItems: SHOWN_MAX }) }),
    examples: [{ summary: 'Of one grant', input: { grant: GRANT } }],
  }),
};
