import { handler } from '@anarq/kernel';
import { verifyReceipt as verify } from '@anarq/log';
import { qerberos } from '../contract.ts';
import { asJson } from '../recordView.ts';

const SENTENCE_MAX = 1_024;
const PROBLEMS_MAX = 1_000;

export const verifyReceipt = handler(qerberos.verifyReceipt, (input) => {
  const { trust } = input;
  const verdict = verify(input.receipt, trust === undefined ? {} : { trust });
  const { others, ...rest } = verdict;
  return {
    ...rest,
    ...(others === undefined ? {} : { others: [...others] }),
    records: verdict.records.map(({ cid, origin, leafIndex, body }) => ({
      cid,
      ...(origin === undefined ? {} : { origin }),
      leafIndex,
      ...(body === null ? {} : { body: asJson(body) }),
    })),
    problems: verdict.problems
      .slice(0, PROBLEMS_MAX)
      .map((problem) => problem.slice(0, SENTENCE_MAX)),
    proves: [...verdict.proves],
    doesNotProve: [...verdict.doesNotProve],
  };
});
