import { createContextKey, type ContextValues } from '@connectrpc/connect';
import type { factsOf } from '../http/credential.ts';

/** What is known of a request before its message is read. */
export interface GrpcRequest {
  readonly requestId: string;
  readonly peer: string;
  /** What the metadata says of the call; throws where it contradicts itself. */
  readonly facts: () => ReturnType<typeof factsOf>;
  /** Throws where the request is not to be answered at all. */
  readonly admit: () => void;
}

export const requestKey = createContextKey<GrpcRequest | undefined>(undefined, {
  description: 'the request that a message came with',
});

/** @throws Error outside of a request */
export function requestOf(values: ContextValues): GrpcRequest {
  const request = values.get(requestKey);
  if (request === undefined) throw new Error('A gRPC method was called outside of a request.');
  return request;
}
