import type { InputOf, OutputOf } from '@anarq/common-schemas';
import { node as nodeOps } from '@anarq/node-module/contract';
import { qwallet } from '@anarq/qwallet/contract';
import type { Actor, CallOptions, TestNode } from '@anarq/testing';
import { vi } from 'vitest';
import { quantum } from '../src/contract.ts';

/** Modules that a run needs. */
export const MODULES = ['node', 'squid', 'qonsent', 'ledger', 'qwallet', 'quantum'] as const;

export const BELL = `OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0],q[1];
measure q -> c;
`;

/** A circuit whose shots are run one by one: as many as there are, as long it takes. */
export const SLOW = `OPENQASM 3.0;
include "stdgates.inc";
qubit[8] q;
bit[8] c;
for int i in [0:7] { t q[i]; h q[i]; t q[i]; h q[i]; }
c[0] = measure q[0];
if (c[0]) { t q[1]; h q[1]; }
for int i in [0:6] { cx q[i], q[i + 1]; t q[i]; h q[i]; }
c = measure q;
`;

/** A list in which every part of a price shows. */
export const PRICES = { unit: 'EUR', perJob: '0.10', perSecond: '0.002', perGibSecond: '0.001' };

export const setPrices = (node: TestNode, list = PRICES) =>
  node.operator.call(quantum.setPrices, list);

export const fund = (node: TestNode, who: Actor, amount: string, unit = 'EUR') =>
  node.operator.call(qwallet.fund, { identity: who.did, amount, unit });

/** What somebody has, and how much of it is held; nothing where there is no account. */
export async function moneyOf(who: Actor, unit = 'EUR', options?: CallOptions) {
  const { items } = await who.call(qwallet.accounts, {}, options);
  const account = items.find((item) => item.unit === unit);
  return { balance: account?.posted ?? '0', held: account?.held ?? '0' };
}

const ENDS = ['DONE', 'FAILED', 'CANCELLED', 'NEEDS_ATTENTION'];

/** Waits until a job has ended; how it ended. */
export const ended = (who: Actor, jobId: string, options?: CallOptions) =>
  vi.waitFor(
    async () => {
      const job = await who.call(nodeOps.job, { jobId }, options);
      if (!ENDS.includes(job.state)) throw new Error(`the job is ${job.state}`);
      return job;
    },
    { timeout: 30_000, interval: 20 },
  );

type Result = OutputOf<typeof quantum.result>;

/** Runs a circuit to its end. */
export async function ran(
  who: Actor,
  input: InputOf<typeof quantum.run>,
  options?: CallOptions,
): Promise<{ job: Awaited<ReturnType<typeof ended>>; result: Result }> {
  const { jobId } = await who.call(quantum.run, input, options);
  const job = await ended(who, jobId);
  // The kernel validated it against the schema that the type is read from.
  return { job, result: job.result as Result };
}
