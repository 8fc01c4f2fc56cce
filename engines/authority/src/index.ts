/** Authority: UCAN 1.0.0-rc.1 delegation as a pure engine. */
export {
  BUDGET_KEY,
  CALLS_KEY,
  CALLS_UNIT,
  compareDecimals,
  parseBudget,
  parseCalls,
  PERIODIC,
  widens,
  type Budget,
  type Period,
} from './budget.ts';
export {
  compileChain,
  type ChainContext,
  type CompiledGrant,
  type GrantBudget,
  type GrantLink,
} from './chain.ts';
export type { Check, CheckRequest } from './check.ts';
export { cidOf, normaliseCid } from './cid.ts';
export { parseCommand } from './command.ts';
export {
  decodeDelegation,
  prepareDelegation,
  type Delegation,
  type DelegationPayload,
  type PreparedDelegation,
} from './delegation.ts';
export { didKeyOfEd25519, ed25519OfDidKey, principalOf } from './did.ts';
export { AuthorityError, type AuthorityCode } from './errors.ts';
export { compileGlob } from './glob.ts';
export { parsePolicy, type Policy, type Statement } from './policy.ts';
export { compilePolicy, type CompiledPolicy, type PolicyFailure } from './policy-compile.ts';
export { GrantRegistry } from './registry.ts';
export { parseSelector, select, UNRESOLVED, type Selector } from './selector.ts';
export { MLDSA_CONTEXT, verifySignature, type IssuerKeys, type KeysOf } from './signature.ts';
export type { Algorithm } from './varsig.ts';
export type { DenialCode, Limit, Verdict, Why } from './verdict.ts';
