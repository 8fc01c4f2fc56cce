/** A peer as a member is told of it: by its key, and where it is reached. */
export interface PeerAddress {
  /** ML-DSA-65, in hex. */
  readonly publicKey: string;
  /** host:port */
  readonly address: string;
}

/** What the supervisor sends a member. */
export type ToMember =
  | {
      readonly kind: 'start';
      /** host:port */
      readonly listen: string;
      readonly peers: readonly PeerAddress[];
    }
  | { readonly kind: 'addPeer'; readonly peer: PeerAddress }
  | { readonly kind: 'removePeer'; readonly publicKey: string };

/** What a member sends the supervisor. */
export type FromMember =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string };
