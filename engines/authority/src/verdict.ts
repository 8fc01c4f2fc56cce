import type { AuthorityCode } from './errors.ts';

/** The codes with which a compiled grant refuses a call. */
export type DenialCode = Extract<
  AuthorityCode,
  | 'WRONG_AUDIENCE'
  | 'WRONG_SUBJECT'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'COMMAND_NOT_COVERED'
  | 'POLICY'
>;

/** The limit that a call met, with what came. Times in seconds since the Unix epoch. */
export type Limit =
  | { readonly kind: 'audience'; readonly audience: string; readonly came: string }
  | { readonly kind: 'subject'; readonly subject: string; readonly came: string }
  | { readonly kind: 'expiry'; readonly exp_s: number; readonly now_s: number }
  | { readonly kind: 'start'; readonly nbf_s: number; readonly now_s: number }
  | { readonly kind: 'command'; readonly cmd: string; readonly came: string }
  | {
      readonly kind: 'policy';
      /** CID of the link that states the policy. */
      readonly link: string;
      /** JSON pointer of the statement within it. */
      readonly statement: string;
      readonly selector: string;
      readonly expected: string;
      readonly actual: string;
    };

/** Why a call was admitted or refused: the same object in errors, consoles and records. */
export interface Why {
  /** CID of the leaf of the chain. */
  readonly grant: string;
  /** The rule that decided, in plain words. */
  readonly rule: string;
  readonly limit?: Limit;
  /** DID of who stated that rule, and so may change it. */
  readonly issuer: string;
  /** CIDs, leaf first. */
  readonly chain: readonly string[];
}

/** The answer of a compiled grant to one call. */
export type Verdict =
  | { readonly allow: true; readonly why: Why }
  | { readonly allow: false; readonly code: DenialCode; readonly why: Why };
