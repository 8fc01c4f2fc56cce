import { decodeDelegation, parseBudget, parseCalls, type Delegation } from '@anarq/authority';
import { fail, type InputOf } from '@anarq/common-schemas';
import { canonicalJson } from '@anarq/crypto';
import { budgetTerms, callsModel, callTerms } from './budgetTerms.ts';
import type { qonsent } from './contract.ts';
import { policyOf } from './policy.ts';

type Input = InputOf<typeof qonsent.grant>;

/**
 * That a token signed elsewhere holds every limit that the call states: nobody shall believe in a
 * limit that only stood beside the signature. The token may say more.
 * @param token one that was validated
 * @throws INPUT_INVALID that names the first member which the token does not bear out
 */
export function requireTermsOf(input: Input, token: Uint8Array): void {
  const delegation = decodeDelegation(token);
  const missing = missingTerm(input, delegation);
  if (missing !== undefined)
    fail('INPUT_INVALID', `The token does not say what the call says: ${missing}.`, {
      path: `/${missing}`,
    });
}

function missingTerm(input: Input, delegation: Delegation): keyof Input | undefined {
  if (delegation.aud !== input.audience) return 'audience';
  if (delegation.cmd !== input.command) return 'command';
  const said = new Set(delegation.pol.map(textOf));
  const holds = (terms: Parameters<typeof policyOf>[0]) =>
    policyOf(terms).every((statement) => said.has(textOf(statement)));
  if (!holds({ resource: input.resource })) return 'resource';
  if (!holds({ operations: input.operations })) return 'operations';
  if (!holds({ policy: input.policy })) return 'policy';
  const { expiresAt, notBefore, budget, calls } = input;
  if (expiresAt !== undefined && !((delegation.exp ?? Infinity) * 1000 <= Date.parse(expiresAt)))
    return 'expiresAt';
  if (notBefore !== undefined && !((delegation.nbf ?? -Infinity) * 1000 >= Date.parse(notBefore)))
    return 'notBefore';
  const own = parseBudget(delegation.meta);
  if (budget !== undefined && !same(own, budgetTerms(budget))) return 'budget';
  const counted = parseCalls(delegation.meta);
  if (calls !== undefined && !same(counted && callsModel(counted), callTerms(calls)))
    return 'calls';
  return undefined;
}

const same = (said: object | undefined, stated: object): boolean =>
  said !== undefined && canonicalJson(said) === canonicalJson(stated);

/** Statements compare as text; bytes in a token have no counterpart in JSON and equal nothing. */
const textOf = (statement: unknown): string =>
  JSON.stringify(statement, (_key, value: unknown) =>
    value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('hex') } : value,
  );
