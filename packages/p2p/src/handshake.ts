import type { KeyObject } from 'node:crypto';
import { equalBytes } from '@anarq/crypto';
import { FRAME_KINDS } from './frames.ts';
import type { FrameStream } from './frameStream.ts';
import {
  decodeGreeting,
  encodeGreeting,
  PROTOCOL_VERSION,
  signHello,
  verifyHello,
} from './hello.ts';
import type { Greeting, HelloFacts, HelloRole } from './hello.ts';

/** Why a hello came to nothing. */
export type Refusal =
  | 'form'
  | 'version'
  | 'chain'
  | 'self'
  | 'key'
  | 'signature'
  | 'banned'
  | 'busy'
  | 'duplicate'
  | 'removed'
  | 'closing';

export class HelloRefused extends Error {
  override readonly name = 'HelloRefused';
  readonly reason: Refusal;
  /** Whether the other side refused, and not this one. */
  readonly byPeer: boolean;

  constructor(reason: Refusal, byPeer: boolean) {
    super(`the hello was refused${byPeer ? ' by the other side' : ''}: ${reason}`);
    this.reason = reason;
    this.byPeer = byPeer;
  }
}

export interface HelloTask {
  readonly frames: FrameStream;
  readonly role: HelloRole;
  readonly key: KeyObject;
  readonly greeting: Greeting;
  readonly ownPeerId: string;
  readonly remotePeerId: string;
  /** Keying material of the TLS connection. */
  readonly channel: Uint8Array;
  /** The key that was dialled. */
  readonly expected?: Uint8Array | undefined;
  /** The last word on a peer whose signature holds. */
  readonly admit: (publicKey: Uint8Array) => Refusal | undefined;
}

/**
 * Greets, and proves to each other who speaks. The listener signs only when the dialler has proved
 * itself. Rejects with `HelloRefused`, after the other side was told, or with what ended the stream.
 */
export async function exchangeHello(task: HelloTask): Promise<Greeting> {
  try {
    return await exchange(task);
  } catch (error) {
    if (error instanceof HelloRefused && !error.byPeer) {
      task.frames.send(FRAME_KINDS.refusal, Buffer.from(error.reason));
    }
    throw error;
  }
}

async function exchange(task: HelloTask): Promise<Greeting> {
  const { frames, role, greeting } = task;
  frames.send(FRAME_KINDS.greeting, encodeGreeting(greeting));
  const other = decodeGreeting(await bodyOf(task, FRAME_KINDS.greeting));
  if (other === undefined) throw new HelloRefused('form', false);
  if (other.version !== PROTOCOL_VERSION) throw new HelloRefused('version', false);
  if (!equalBytes(other.chainId, greeting.chainId)) throw new HelloRefused('chain', false);
  if (equalBytes(other.publicKey, greeting.publicKey)) throw new HelloRefused('self', false);
  if (task.expected !== undefined && !equalBytes(other.publicKey, task.expected)) {
    throw new HelloRefused('key', false);
  }
  const own = { peerId: task.ownPeerId, greeting };
  const remote = { peerId: task.remotePeerId, greeting: other };
  const isDialler = role === 'dialler';
  const facts: HelloFacts = {
    dialler: isDialler ? own : remote,
    listener: isDialler ? remote : own,
    channel: task.channel,
  };
  if (isDialler) frames.send(FRAME_KINDS.proof, signHello(task.key, role, facts));
  const proof = await bodyOf(task, FRAME_KINDS.proof);
  if (!verifyHello(isDialler ? 'listener' : 'dialler', facts, proof)) {
    throw new HelloRefused('signature', false);
  }
  const refusal = task.admit(other.publicKey);
  if (refusal !== undefined) throw new HelloRefused(refusal, false);
  if (!isDialler) frames.send(FRAME_KINDS.proof, signHello(task.key, role, facts));
  return other;
}

const REFUSALS: readonly Refusal[] = [
  'form',
  'version',
  'chain',
  'self',
  'key',
  'signature',
  'banned',
  'busy',
  'duplicate',
  'removed',
  'closing',
];

async function bodyOf(task: HelloTask, kind: number): Promise<Uint8Array> {
  const frame = await task.frames.next();
  if (frame.kind === FRAME_KINDS.refusal) {
    const text = Buffer.from(frame.body).toString('latin1');
    throw new HelloRefused(REFUSALS.find((reason) => reason === text) ?? 'form', true);
  }
  if (frame.kind !== kind) throw new HelloRefused('form', false);
  return frame.body;
}
