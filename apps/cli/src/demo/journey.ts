import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { delegate, uploadFile } from '@anarq/common-clients';
import { checkFileName } from '@anarq/content';
import { toBase64url } from '@anarq/crypto';
import { addDecimal, subDecimal } from '@anarq/decimal';
import { ledger } from '@anarq/ledger/contract';
import { verifyReceipt } from '@anarq/log';
import type { RunningNode } from '@anarq/node';
import { qerberos } from '@anarq/qerberos/contract';
import { qindex } from '@anarq/qindex/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { Agent, type ToolAnswer } from './agent.ts';
import { bytesText } from '../terminal.ts';
import { makeCast, type Cast } from './cast.ts';
import type { Show } from './storyteller.ts';

/** Everything that the journey found out. */
export interface JourneyReport {
  ok: boolean;
  file: { name: string; bytes: number; sha256: string; cid: string };
  fetched: { bytes: number; sha256: string };
  purchase: {
    price: string;
    unit: string;
    fee: string;
    shares: { identity: string; amount: string }[];
    license: string;
    record: string;
  };
  retries: { sent: number; charged: number; replayed: number; inProgress: number };
  denials: { tool: string; code: string; why: string }[];
  revoked: { grant: string; code: string; why: string };
  receipt: {
    path: string;
    trust: string;
    records: number;
    verified: boolean;
    changedByteRefused: boolean;
  };
  books: { sum: string; units: { unit: string; sum: string }[] };
}

export interface JourneyOptions {
  readonly node: Pick<RunningNode, 'address' | 'operatorSeed'>;
  readonly file: string;
  readonly receiptPath: string;
  readonly show: Show;
}

const PRICE = '3';
const UNIT = 'rUv';
const RETRIES = 50;

/** The journey of the specification, for real: each step is a call over HTTP or MCP. */
export async function runJourney(options: JourneyOptions): Promise<JourneyReport> {
  const { node, show } = options;
  const cast = await makeCast(node.address, node.operatorSeed);
  show('identity', `an organisation with two members, who keep their own keys, and an agent`);
  await cast.operator.client.call(qwallet.fund, {
    identity: cast.organisation,
    amount: '100',
    unit: UNIT,
  });
  show('identity', `the organisation's wallet holds 100 ${UNIT}`);

  const file = await offer(cast, options);
  const { grant, token } = await empower(cast, show);
  const agent = await Agent.connect(node.address.url, token);
  try {
    const bought = await buy(agent, cast, show);
    const fetched = await agent.fetchSealed(bought.fileId);
    const isEqual = fetched.sha256 === file.sha256;
    show(
      'fetch',
      `${fetched.bytes} bytes fetched sealed and opened by the agent: ${isEqual ? 'equal to the original' : 'DIFFERENT'}`,
    );
    const denials = await overreach(agent, bought.listingId, show);
    const receipt = await receiptOf(cast, bought.purchase.record, options);
    const revoked = await revokeAndTry(cast, agent, grant, show);
    const books = await closeBooks(cast, show);
    return {
      ok:
        isEqual &&
        bought.retries.charged === 1 &&
        receipt.verified &&
        receipt.changedByteRefused &&
        revoked.code === 'GRANT_REVOKED' &&
        denials.map(({ code }) => code).join() === 'BUDGET_EXCEEDED,QONSENT_DENIED' &&
        isWhole(bought.purchase) &&
        books.sum === '0',
      file,
      fetched,
      purchase: bought.purchase,
      retries: bought.retries,
      denials,
      revoked,
      receipt,
      books,
    };
  } finally {
    await agent.close();
  }
}

/** Fee and shares are exactly the price. */
const isWhole = ({ price, fee, shares }: JourneyReport['purchase']): boolean =>
  shares.reduce((sum, { amount }) => addDecimal(sum, amount), fee) === price;

/** Upload, index, list: the first member sells the file, and shares what it brings. */
async function offer(cast: Cast, { file, show, node }: JourneyOptions) {
  const { client, did, keys } = cast.first;
  const own = basename(file);
  // What the file system allows is not always a name that a node takes.
  const name = checkFileName(own) === undefined ? own : 'data';
  const { size } = await stat(file);
  const uploaded = await uploadFile(client, createReadStream(file), {
    name,
    bytes: size,
    mediaType: 'application/octet-stream',
    onProgress: ({ sentBytes, bytes }) =>
      show('upload', `${bytesText(sentBytes)} of ${bytesText(bytes)}`, false),
  });
  show('upload', `${name}, ${uploaded.bytes} bytes, sealed; CID ${uploaded.cid}`);
  await client.call(qindex.put, {
    type: 'dataset',
    key: name,
    cid: uploaded.cid,
    tags: ['example'],
    text: `${name} data set`,
    visibility: 'owner',
  });
  show('index', `found by its owner under "${name}"`);
  const market = await marketOf(node);
  const delegation = delegate({
    keys,
    issuer: did,
    audience: market,
    subject: did,
    command: '/qdrive/get',
    policy: [['==', '.resource', `qdrive/file/${uploaded.fileId}`]],
  });
  const listing = await client.call(qmarket.list, {
    fileId: uploaded.fileId,
    title: `Data set ${name}`.slice(0, 200),
    description: 'As uploaded, with the right to use it.',
    price: PRICE,
    unit: UNIT,
    shares: [
      { identity: cast.first.did, weight: 70 },
      { identity: cast.second.did, weight: 30 },
    ],
    tags: ['example'],
    terms: { kind: 'use' },
    delegation: toBase64url(delegation),
  });
  show(
    'listing',
    `${listing.price} ${listing.unit}, shared 70 : 30 after a fee of ${listing.feeBasisPoints / 100} %`,
  );
  return { name, bytes: uploaded.bytes, sha256: uploaded.sha256Hex, cid: uploaded.cid };
}

/** The identity to which a seller delegates: the market module's own, told by the node. */
async function marketOf(node: JourneyOptions['node']): Promise<string> {
  const response = await fetch(`${node.address.url}/.well-known/q-node`);
  const { modules } = (await response.json()) as { modules: { name: string; did?: string }[] };
  const market = modules.find(({ name }) => name === 'qmarket')?.did;
  if (market === undefined) throw new Error('the node names no market');
  return market;
}

/**
 * The first member passes on to the agent a part of what the organisation gave it: three
 * operations, a budget, an hour. The delegation is signed with the member's own keys.
 */
async function empower(cast: Cast, show: Show) {
  const { client, did, keys } = cast.first;
  const operations = ['qmarket.search', 'qmarket.purchase', 'qdrive.get'];
  const token = delegate({
    keys,
    issuer: did,
    audience: cast.agent,
    subject: cast.organisation,
    command: '/',
    policy: [['or', operations.map((name) => ['==', '.op', name])]],
    exp_s: Math.floor(Date.now() / 1000) + 3_600,
    budget: { unit: UNIT, total: '20', perCall: '5' },
  });
  const { grant } = await client.call(qonsent.grant, {
    audience: cast.agent,
    command: '/',
    purpose: 'buy a data set',
    proof: cast.mandate,
    token: toBase64url(token),
  });
  const bearer = await client.call(
    squid.issueToken,
    { agent: cast.agent, grant },
    { subject: cast.organisation },
  );
  show(
    'consent',
    `the agent may search, buy and fetch, for 5 ${UNIT} a call and 20 in all, one hour`,
  );
  return { grant, token: bearer.token };
}

/** The agent finds the listing and buys it, and then repeats the purchase as a bad network would. */
async function buy(agent: Agent, cast: Cast, show: Show) {
  const tools = await agent.toolNames();
  show('purchase', `a stock MCP client sees ${tools.length} tools`);
  const found = must(await agent.use('qmarket.search', { query: 'data set' }));
  const [listing] = found['items'] as { listingId: string; title: string; price: string }[];
  if (listing === undefined) throw new Error('the agent found nothing');
  show('purchase', `it finds "${listing.title}"`);

  const before = await balance(cast);
  const order = {
    listingId: listing.listingId,
    maxPrice: '5',
    unit: UNIT,
    idempotencyKey: `purchase-of-${listing.listingId}`,
  };
  const first = await agent.use('qmarket.purchase', order);
  const data = must(first);
  const purchase = {
    price: String(data['price']),
    unit: String(data['unit']),
    fee: String(data['fee']),
    shares: data['shares'] as { identity: string; amount: string }[],
    license: String(data['licenseId']),
    record: String(first.cid),
  };
  show(
    'purchase',
    `bought for ${purchase.price} ${UNIT}: fee ${purchase.fee}, ${purchase.shares.map(({ amount }) => amount).join(' and ')} to the members`,
  );

  const answers: ToolAnswer[] = [];
  const half = RETRIES / 2;
  answers.push(
    ...(await Promise.all(
      Array.from({ length: half }, () => agent.use('qmarket.purchase', order)),
    )),
  );
  for (let i = half; i < RETRIES; i++) answers.push(await agent.use('qmarket.purchase', order));
  const spent = subDecimal(before, await balance(cast));
  const retries = {
    sent: answers.length,
    // How often the price went; exact, so a part of a price would show as well.
    charged: timesOf(spent, purchase.price),
    replayed: answers.filter((answer) => answer.replayed === true).length,
    inProgress: answers.filter(({ code }) => code === 'CALL_IN_PROGRESS').length,
  };
  show(
    'purchase',
    `${retries.sent} retries, ${half} at once: charged ${retries.charged === 1 ? 'once' : `${retries.charged} times`}`,
  );
  return { listingId: listing.listingId, fileId: String(data['fileId']), purchase, retries };
}

/** How many times an amount holds another; NaN where it is no whole number of times. */
function timesOf(amount: string, part: string): number {
  let times = 0;
  for (let sum = '0'; times <= RETRIES + 1; times++, sum = addDecimal(sum, part))
    if (sum === amount) return times;
  return Number.NaN;
}

async function balance(cast: Cast): Promise<string> {
  const { items } = await cast.first.client.call(
    qwallet.accounts,
    {},
    { subject: cast.organisation },
  );
  return items.find(({ unit }) => unit === UNIT)?.available ?? '0';
}

/** What the grant does not allow: more than a call may spend, and another operation. */
async function overreach(agent: Agent, listingId: string, show: Show) {
  const attempts: [string, Record<string, unknown>][] = [
    ['qmarket.purchase', { listingId, maxPrice: '6', unit: UNIT, again: true }],
    ['qindex.put', { type: 'note', key: 'x', cid: EMPTY_CID, tags: [], visibility: 'tenant' }],
  ];
  const denials: JourneyReport['denials'] = [];
  for (const [tool, args] of attempts) {
    const { status, code, details } = await agent.use(tool, args);
    if (status === 'ok') continue;
    const why = details?.why?.rule ?? '';
    denials.push({ tool, code, why });
    show('denied', `${tool}: ${code}, ${why}`);
  }
  return denials;
}

/** CID of no bytes at all. */
const EMPTY_CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';

/** The receipt is written to a file, verified offline, and verified again with one byte changed. */
async function receiptOf(cast: Cast, record: string, options: JourneyOptions) {
  const { receipt } = await cast.first.client.call(
    qerberos.receipt,
    { cid: record },
    { subject: cast.organisation },
  );
  await writeFile(options.receiptPath, `${JSON.stringify(receipt, null, 2)}\n`);
  const trust = options.node.address.logKey;
  const verdict = verifyReceipt(receipt, { trust });
  const changed = verifyReceipt(withOneByteChanged(receipt), { trust });
  options.show(
    'receipt',
    `${verdict.records.length} records, ${verdict.ok ? 'verified offline' : 'NOT verified'}; one byte changed: ${changed.ok ? 'STILL VERIFIED' : 'refused'}`,
  );
  return {
    path: options.receiptPath,
    trust,
    records: verdict.records.length,
    verified: verdict.ok && verdict.signer === 'trusted',
    changedByteRefused: !changed.ok,
  };
}

function withOneByteChanged(receipt: unknown): unknown {
  const copy = structuredClone(receipt) as { records: { sealed: string }[] };
  const [root] = copy.records;
  if (root === undefined) return copy;
  const bytes = Buffer.from(root.sealed, 'base64url');
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  root.sealed = bytes.toString('base64url');
  return copy;
}

async function revokeAndTry(cast: Cast, agent: Agent, grant: string, show: Show) {
  await cast.first.client.call(qonsent.revoke, { grant });
  const { code, details } = await agent.use('qmarket.search', { query: 'data' });
  const why = details?.why?.rule ?? '';
  show('revoked', `the next call of the agent: ${code}`);
  return { grant, code, why };
}

async function closeBooks(cast: Cast, show: Show) {
  const { books } = await cast.operator.client.call(ledger.books, {});
  const units = books.map(({ unit, sum }) => ({ unit, sum }));
  const sum = units.every((book) => book.sum === '0')
    ? '0'
    : (units.find((b) => b.sum !== '0')?.sum ?? '0');
  show(
    'books',
    sum === '0'
      ? `debits and credits sum to zero in ${units.map(({ unit }) => unit).join(', ')}`
      : `debits and credits DIFFER: ${units.map((book) => `${book.unit} ${book.sum}`).join(', ')}`,
  );
  return { sum, units };
}

function must(answer: ToolAnswer): Readonly<Record<string, unknown>> {
  if (answer.status === 'ok' && answer.data !== undefined) return answer.data;
  throw new Error(`${answer.code}: ${answer.message}`);
}
