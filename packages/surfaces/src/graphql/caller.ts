import type { Call, Credential } from '@anarq/kernel';

/** Who sent the request, and what its headers say of every call in it. */
export interface GraphqlCaller {
  readonly facts: Pick<
    Call,
    'subject' | 'grant' | 'idempotencyKey' | 'apiVersion' | 'traceparent'
  > & {
    readonly credential: Credential;
  };
  readonly requestId: string;
  readonly peer: string;
}

/** What an execution knows: who calls, and whether the document makes one call only. */
export interface GraphqlContext extends GraphqlCaller {
  readonly isSingle: boolean;
}
