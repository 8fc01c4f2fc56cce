import type { AnyContract, Failure, Result } from '@anarq/common-schemas';
import type {
  Call,
  Followed,
  FollowCall,
  Shown,
  TransferContent,
  TransferPart,
} from '@anarq/kernel';

/**
 * What a surface needs of the node behind it. The kernel is one; a surface knows `Call` and
 * `Result`, and no module.
 */
export interface CallTarget {
  /** Answers a call. Never throws: what goes wrong is a failure of the error table. */
  invoke(call: Call): Promise<Result<unknown>>;
  /** Opens a stream of events: a call of `node.readEvents` that goes on. Never throws. */
  follow(call: FollowCall): Promise<Followed>;
  /** Spends a ticket of `node.eventTicket`. Never throws. */
  showTicket(ticket: string, requestId: string): Promise<Shown>;
  readonly contracts: readonly AnyContract[];
  readonly node: {
    readonly did: string;
    /** DIDs of the modules' own identities, by module name. */
    readonly modules: Readonly<Record<string, string>>;
  };
  /** Keys of the transparency log: `trust` is the text that `q verify --trust` takes. */
  readonly logKeys: {
    readonly trust: string;
    readonly ed25519: string;
    readonly mldsa44: string;
  };
  /** Present where modules may be mocked: those that are. */
  readonly standalone?: { readonly mocked: readonly string[] };
  /** Where other processes of this node are answered, where it runs in several. */
  readonly peers?: {
    greet(bytes: Uint8Array): Uint8Array | undefined;
    knows(pairing: string): boolean;
    answer(pairing: string, number: number, bytes: Uint8Array): Promise<Uint8Array | undefined>;
  };
  health(): Promise<{
    readonly status: 'healthy' | 'degraded' | 'unhealthy';
    readonly version?: string;
  }>;
  /** Takes one part of an upload. */
  receivePart(ticket: string, part: TransferPart): Promise<Result<unknown>>;
  /** Opens content for a download; `range` is the Range header as it came. */
  sendContent(
    ticket: string,
    range: string | undefined,
  ): Promise<
    | { readonly ok: true; readonly content: TransferContent }
    | { readonly ok: false; readonly failure: Failure }
  >;
}

/** One line of the access log. The route is a pattern, so that no ticket and no id is in it. */
export interface AccessEntry {
  readonly requestId: string;
  readonly method: string;
  /** For example '/qwallet/intents/:intentId', '/transfer/:ticket', or 'unknown'. */
  readonly route: string;
  /** HTTP status; 0 where the connection broke before an answer. */
  readonly status: number;
  readonly duration_ms: number;
  /** As announced; 0 where the sender did not say. */
  readonly requestBytes: number;
  /** Of the body; 0 where it was streamed. */
  readonly responseBytes: number;
}

/** Where a surface writes what it did and what it could not explain. */
export interface SurfaceLog {
  served?(entry: AccessEntry): void;
  /** An error that is no answer of the table: a defect, or a connection that broke. */
  failed?(error: unknown, requestId: string): void;
}
