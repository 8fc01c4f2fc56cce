import { delegate } from '@anarq/common-clients';
import type { OutputOf } from '@anarq/common-schemas';
import { toBase64url } from '@anarq/crypto';
import { compareDecimal, subDecimal } from '@anarq/decimal';
import { verifyReceipt } from '@anarq/log';
import type { RunningNode } from '@anarq/node';
import { qerberos } from '@anarq/qerberos/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { quantum } from '@anarq/quantum/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { Agent } from '../agent.ts';
import { makeCast, type Cast } from '../cast.ts';
import type { Show } from '../storyteller.ts';
import { Buyer } from './buyer.ts';
import { bellPair, ghzState, groverCurve, qaoaCut, repetitionMemory } from './chapters.ts';
import { bell } from './circuits.ts';

const UNIT = 'rUv';
const BUDGET = { total: '0.45', perCall: '0.05' };
const PRICES = { unit: UNIT, perJob: '0.01', perSecond: '0.001', perGibSecond: '0.01' };
const MORE_RUNS_MAX = 60;

type Receipt = OutputOf<typeof qerberos.receipt>['receipt'];

/** Everything that the demo found out. */
export interface QuantumReport {
  readonly ok: boolean;
  readonly bell: Awaited<ReturnType<typeof bellPair>>;
  readonly ghz: Awaited<ReturnType<typeof ghzState>>;
  readonly grover: Awaited<ReturnType<typeof groverCurve>>;
  readonly code: Awaited<ReturnType<typeof repetitionMemory>>;
  readonly qaoa: Awaited<ReturnType<typeof qaoaCut>>;
  readonly cost: {
    readonly runs: number;
    readonly spent: string;
    readonly paid: string;
    readonly unit: string;
    readonly budget: string;
  };
  readonly receipts: {
    readonly verified: number;
    readonly of: number;
    readonly trust: string;
    readonly last: Receipt | undefined;
  };
  readonly refused: { readonly code: string; readonly why: string; readonly left: string };
}

/** The demo for real: each run is a job that an agent asks for over MCP and pays within its budget. */
export async function runQuantumJourney(
  node: Pick<RunningNode, 'address' | 'operatorSeed'>,
  show: Show,
): Promise<QuantumReport> {
  const cast = await makeCast(node.address, node.operatorSeed);
  const { operator, organisation: identity } = cast;
  await operator.client.call(qwallet.fund, { identity, amount: '10', unit: UNIT });
  await operator.client.call(quantum.setPrices, PRICES);
  show(
    'prices',
    `${PRICES.perJob} ${UNIT} a run, ${PRICES.perGibSecond} a GiB and second; paid to the operator`,
  );
  const token = await empower(cast, show);
  const agent = await Agent.connect(node.address.url, token);
  try {
    const before = await balanceOf(cast);
    const buyer = new Buyer(agent, { maxPrice: BUDGET.perCall, unit: UNIT });
    const chapters = {
      bell: await bellPair(buyer, show),
      ghz: await ghzState(buyer, show),
      grover: await groverCurve(buyer, show),
      code: await repetitionMemory(buyer, show),
      qaoa: await qaoaCut(buyer, show),
    };
    const refused = await spendTheRest(buyer, show);
    const { runs, spent } = buyer;
    const paid = subDecimal(before, await balanceOf(cast));
    show('cost', `${runs} runs for ${spent} ${UNIT}; the organisation paid ${paid} ${UNIT}`);
    const records = [chapters.bell.record, chapters.ghz.record, chapters.qaoa.record];
    const receipts = await verifyAll(cast, records, node.address.logKey, show);
    return {
      ok:
        Object.values(chapters).every(({ ok }) => ok) &&
        compareDecimal(spent, paid) === 0 &&
        compareDecimal(spent, BUDGET.total) <= 0 &&
        receipts.verified === receipts.of &&
        refused.code === 'BUDGET_EXCEEDED',
      ...chapters,
      cost: { runs, spent, paid, unit: UNIT, budget: BUDGET.total },
      receipts,
      refused,
    };
  } finally {
    await agent.close();
  }
}

/** An hour, three operations, and a budget; signed with the member's own keys. */
async function empower(cast: Cast, show: Show): Promise<string> {
  const { client, did, keys } = cast.first;
  const operations = ['quantum.run', 'quantum.estimate', 'quantum.result', 'node.job'];
  const token = delegate({
    keys,
    issuer: did,
    audience: cast.agent,
    subject: cast.organisation,
    command: '/',
    policy: [['or', operations.map((name) => ['==', '.op', name])]],
    exp_s: Math.floor(Date.now() / 1000) + 3_600,
    budget: { unit: UNIT, ...BUDGET },
  });
  const { grant } = await client.call(qonsent.grant, {
    audience: cast.agent,
    command: '/',
    purpose: 'run circuits',
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
    `the agent may run circuits for ${BUDGET.perCall} ${UNIT} each and ${BUDGET.total} in all, one hour`,
  );
  return bearer.token;
}

const balanceOf = async (cast: Cast): Promise<string> => {
  const { organisation: subject } = cast;
  const { items } = await cast.first.client.call(qwallet.accounts, {}, { subject });
  return items.find(({ unit }) => unit === UNIT)?.available ?? '0';
};

/** Runs on until the budget refuses what a run may cost. */
async function spendTheRest(buyer: Buyer, show: Show): Promise<QuantumReport['refused']> {
  for (let more = 0; more < MORE_RUNS_MAX; more += 1) {
    const answer = await buyer.ask({ name: 'once more', text: bell(), shots: 100 });
    if (answer.status === 'error') {
      const why = answer.details?.why?.rule ?? '';
      const left = subDecimal(BUDGET.total, buyer.spent);
      show('budget', `${left} ${UNIT} left, ${BUDGET.perCall} asked: ${answer.code}, ${why}`);
      return { code: answer.code, why, left };
    }
    await buyer.result(answer);
  }
  return { code: 'NONE', why: '', left: subDecimal(BUDGET.total, buyer.spent) };
}

async function verifyAll(
  cast: Cast,
  records: readonly string[],
  trust: string,
  show: Show,
): Promise<QuantumReport['receipts']> {
  let verified = 0;
  let steps = 0;
  let last: Receipt | undefined;
  for (const cid of records) {
    const { receipt } = await cast.first.client.call(
      qerberos.receipt,
      { cid },
      { subject: cast.organisation },
    );
    const verdict = verifyReceipt(receipt, { trust });
    steps += verdict.records.length;
    if (verdict.ok && verdict.signer === 'trusted') verified += 1;
    last = receipt;
  }
  show('receipts', `${verified} of ${records.length} verified offline, ${steps} records in them`);
  return { verified, of: records.length, trust, last };
}
