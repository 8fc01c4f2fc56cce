import { command, event, page, pageInput, query, t } from '@anarq/common-schemas';
import { accountId, count, nonce, transactionId, whole } from '../models.ts';
import { EXAMPLE_ACCOUNT } from './accounts.ts';

const Watch = t.named(
  'ChainWatch',
  t.object({
    watchId: t.id(),
    accountId: accountId('The account of the chain whose changes are told.'),
  }),
);

/** Who is told of what: by events, over every way in which events come. */
export const watchOperations = {
  watch: command({
    summary: 'Be told what happens to an account of the chain, by events to you.',
    http: 'POST /watches',
    scope: 'chain/watch',
    input: t.object({ accountId: accountId() }),
    output: Watch,
    errors: ['DEPENDENCY_MISSING', 'STATE_CONFLICT'],
    examples: [{ summary: 'One account', input: { accountId: EXAMPLE_ACCOUNT } }],
  }),
  unwatch: command({
    summary: 'End a watch of yours.',
    http: 'DELETE /watches/{watchId}',
    resource: 'watch/{watchId}',
    scope: 'chain/watch',
    input: t.object({ watchId: t.id() }),
    output: t.object({ watchId: t.id() }),
    examples: [{ summary: 'One of them', input: { watchId: 'watch_0' } }],
  }),
  watches: query({
    summary: 'Your watches.',
    http: 'GET /watches',
    scope: 'chain/watch',
    input: t.object({ ...pageInput }),
    output: page(Watch),
    examples: [{ summary: 'All of them', input: {} }],
  }),
  relay: command({
    summary: 'Tell watchers what has happened since the last time; called by the module itself.',
    http: 'POST /watches/relay',
    mcp: false,
    access: 'tenant',
    scope: 'chain/relay',
    emits: [
      'q.chain.account.balance.changed.v1',
      'q.chain.transaction.confirmed.v1',
      'q.chain.transaction.finalized.v1',
      'q.chain.transaction.rejected.v1',
      'q.chain.network.epoch.changed.v1',
    ],
    input: t.object({}),
    output: t.object({
      told: count('Events.'),
      watches: count('How many there are: without any, nobody needs be told.'),
      more: t.boolean({ description: 'There is more to tell; call again.' }),
    }),
    errors: ['DEPENDENCY_MISSING'],
    limits: { perMinute: 6_000 },
    examples: [{ summary: 'As the module calls it', input: {} }],
  }),
};

const told = {
  watcher: t.did({ description: 'Whom it is told to.' }),
  accountId: accountId(),
} as const;
const toldTransaction = {
  ...told,
  transactionId: transactionId(),
  nonce: nonce('Of its account.'),
  commit: count('The commit that carried it out.'),
} as const;

/** Named in the specification without `q.chain.` before them. */
export const watchEvents = {
  'q.chain.account.balance.changed.v1': event({
    summary: 'account.balance.changed: an account that you watch has another balance.',
    subject: 'accountId',
    visibleTo: ['watcher'],
    retention: 'P30D',
    schema: t.object({
      ...told,
      balance: whole('After the commit, or a later one.'),
      commit: count('The last commit that touched it.'),
    }),
  }),
  'q.chain.transaction.confirmed.v1': event({
    summary: 'transaction.confirmed: a transaction of an account that you watch is carried out.',
    subject: 'accountId',
    visibleTo: ['watcher'],
    retention: 'P30D',
    schema: t.object(toldTransaction),
  }),
  'q.chain.transaction.finalized.v1': event({
    summary: 'transaction.finalized: a certificate covers it.',
    subject: 'accountId',
    visibleTo: ['watcher'],
    retention: 'P30D',
    schema: t.object({ ...toldTransaction, checkpoint: count('Whose certificate covers it.') }),
  }),
  'q.chain.transaction.rejected.v1': event({
    summary: 'transaction.rejected: the chain refused it, for good.',
    subject: 'accountId',
    visibleTo: ['watcher'],
    retention: 'P30D',
    schema: t.object({
      ...toldTransaction,
      rejection: t.string({ maxLength: 64 }),
      error: t.string({ maxLength: 64, description: 'The same as a code of the error table.' }),
    }),
  }),
  'q.chain.network.epoch.changed.v1': event({
    summary: 'network.epoch.changed: another epoch has begun, with these validators.',
    visibleTo: 'tenant',
    retention: 'P30D',
    schema: t.object({
      epoch: count('Its number.'),
      validators: count('How many validators it has.'),
    }),
  }),
};
