/** Why a delegation, a chain or a call was refused. */
export type AuthorityCode =
  | 'MALFORMED'
  | 'BAD_SIGNATURE'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'BROKEN_CHAIN'
  | 'OVER_BROAD'
  | 'CYCLE'
  | 'REVOKED'
  | 'TOO_LONG'
  | 'WRONG_SUBJECT'
  | 'WRONG_AUDIENCE'
  | 'COMMAND_NOT_COVERED'
  | 'POLICY';

/** Thrown by everything in this engine that reads or validates what others wrote. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
  readonly code: AuthorityCode;
  /** CID of the link of the chain that broke the rule, where one link did. */
  readonly link: string | undefined;

  /**
   * @param code the rule that was broken
   * @param message what was expected and what came, in plain words
   * @param link CID of the offending link, if it is known
   */
  constructor(code: AuthorityCode, message: string, link?: string) {
    super(message);
    this.code = code;
    this.link = link;
  }
}
