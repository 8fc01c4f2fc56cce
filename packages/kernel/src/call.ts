import type { OpenConnection } from './openConnection.ts';
import type { SpentTicket } from './spentTicket.ts';

/** How a caller proves who it is. Surfaces read it from what they received and judge nothing. */
export type Credential =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'bearer'; readonly token: string }
  | {
      readonly kind: 'signature';
      readonly identity: string;
      readonly subId?: string;
      /** RFC 3339 UTC, as signed. */
      readonly ts: string;
      /** `v1.…` full signature or `s1.…` session code, as received. */
      readonly signature: string;
    }
  /** It proved itself when it opened this. */
  | { readonly kind: 'connection'; readonly connection: OpenConnection }
  /** It showed a ticket for events when it opened its connection. */
  | { readonly kind: 'ticket'; readonly ticket: SpentTicket };

/** What every surface makes of what it received; the only thing `invoke` takes. */
export interface Call {
  /** 'qwallet.reserve' */
  readonly operation: string;
  readonly input: unknown;
  readonly surface:
    | 'process'
    | 'http'
    | 'mcp'
    | 'graphql'
    | 'grpc'
    | 'sse'
    | 'websocket'
    | 'socket';
  readonly credential: Credential;
  /** On whose behalf, where that is not the caller. */
  readonly subject?: string;
  /** CID of the grant to use; absent: the kernel finds one. */
  readonly grant?: string;
  readonly idempotencyKey?: string;
  /** MCP: without a key, repeat even though the same call was made within ten minutes. */
  readonly again?: boolean;
  readonly apiVersion?: string;
  readonly requestId?: string;
  /** W3C `traceparent` as it came: the trace that this call is part of. */
  readonly traceparent?: string;
  /** How long the caller waits, where it said so; less than the operation may take. */
  readonly timeout_ms?: number;
  /** Network address of the peer, for the limit before any cryptography. */
  readonly peer?: string;
}

/** Whom a call names to act for, and the grant that it names. */
export const namedIn = ({ subject, grant }: Pick<Call, 'subject' | 'grant'>) => ({
  ...(subject === undefined ? {} : { subject }),
  ...(grant === undefined ? {} : { grant }),
});

/** A call that is made later: its key, and whom and what it named. */
export interface OwnCall {
  readonly key: string;
  readonly subject?: string;
  readonly grant?: string;
}

/** Who acts, once proved. */
export interface Principal {
  /** DID of the identity (or sub-identity) that acts. */
  readonly actor: string;
  /** DID of the identity it is a sub-identity of, or itself. */
  readonly root: string;
  readonly tenant: string;
  readonly kind: IdentityKind | 'anonymous';
  /** Who signed: the identity itself, its session, the node as custodian, a capability of a process. */
  readonly signedBy: 'self' | 'session' | 'custodian' | 'capability' | 'nobody';
  /** Id of the bearer token that was shown. */
  readonly token?: string;
  /** A bearer token's grant: the only authority that this caller has. */
  readonly boundGrant?: string;
  /** On whose behalf that grant lets it act. */
  readonly boundSubject?: string;
}

export type IdentityKind = 'person' | 'organisation' | 'agent' | 'module' | 'node';

export const ANONYMOUS: Principal = {
  actor: 'did:squid:anonymous',
  root: 'did:squid:anonymous',
  tenant: '',
  kind: 'anonymous',
  signedBy: 'nobody',
};
