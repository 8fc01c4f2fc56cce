import type { AnyContract, Result } from '@anarq/common-schemas';
import { canonicalJson, sha256Hex, utf8 } from '@anarq/crypto';
import type { Call, OwnCall } from '../call.ts';
import type { Capability } from '../capability.ts';
import type { ReceiptBranch, StepsOf } from '@anarq/log';
import type { FeedPage } from './feed.ts';

/** Where processes of one node speak to each other; nothing there is for anybody else. */
export const GREET_PATH = '/internal/greet';
export const ASK_PATH = '/internal/ask';
/** Header that names pairing and number of a message: 'pairing.17'. */
export const PAIRING_HEADER = 'x-q-pairing';

/** The first message to a process: who asks, and when. */
export interface Greeting {
  readonly boot: string;
  readonly question: string;
  readonly at_ms: number;
}

/** What a process says of itself. */
export interface Welcome {
  readonly boot: string;
  readonly pairing: string;
  /** '' for the process that founded the node; one name for each store. */
  readonly process: string;
  readonly modules: readonly { readonly name: string; readonly digest: string }[];
  /** Present where it follows the feed of another process. */
  readonly following?: Followed;
}

/** How far a process has come with a feed, and the challenge that the next page must answer. */
export interface Followed {
  readonly epoch: number;
  readonly challenge: string;
}

export interface StepMessage {
  readonly kind: 'step';
  readonly operation: string;
  readonly input: unknown;
  readonly capability: Capability;
  readonly idempotencyKey?: string;
  readonly own?: OwnCall;
}

/** A call as a surface made it, with the proof of its caller: it is judged where it is done. */
export interface CallMessage {
  readonly kind: 'call';
  readonly call: Call;
}

export interface FeedMessage {
  readonly kind: 'feed';
  readonly source: string;
  readonly challenge: string;
  readonly page: FeedPage;
}

/** Asks for the records of steps that were made there, as far as somebody may open them. */
export interface RecordsMessage {
  readonly kind: 'records';
  readonly of: StepsOf;
  readonly party: string;
}

export type Message = (StepMessage | CallMessage | FeedMessage | RecordsMessage) & {
  /** What is left of the caller's patience, in milliseconds. */
  readonly remaining_ms: number;
};

/** Answer to a step or call; of a feed page, how far its reader has come; records and their proofs. */
export type Answer =
  | { readonly result: Result<unknown> }
  | { readonly following: Followed }
  | { readonly branch: ReceiptBranch | null };

/** What two processes must agree on about a module: its version and the shape of its operations. */
export const contractDigest = ({ name, version, operations }: AnyContract): string =>
  sha256Hex(
    utf8(
      canonicalJson(
        JSON.parse(
          JSON.stringify([
            name,
            version,
            Object.values(operations).map(({ id, kind, input, output }) => [
              id,
              kind,
              input,
              output,
            ]),
          ]),
        ),
      ),
    ),
  );
