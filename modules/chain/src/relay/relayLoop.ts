import { randomUUID } from 'node:crypto';
import { API_VERSION, type Result } from '@anarq/common-schemas';
import { canonicalJson, sha256Hex, signCall, utf8, type IdentityKeys } from '@anarq/crypto';
import type { Call, ModuleEnvironment } from '@anarq/kernel';
import type { ChainNode } from '../chain/chainNode.ts';
import { chain as contract } from '../contract.ts';

/** Between two tellings: what comes meanwhile is told together. */
const EVERY_MS = 250;

/** Tells watchers what happens on the chain, for as long as the node runs: by calls that the module signs itself. */
export class RelayLoop {
  readonly #env: ModuleEnvironment;
  readonly #identity: string;
  readonly #keys: IdentityKeys;
  readonly #unlisten: () => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isDue = false;
  /** Nobody watched the last time. */
  #isIdle = false;
  #hasEnded = false;

  constructor(env: ModuleEnvironment, chain: ChainNode, identity: string, keys: IdentityKeys) {
    this.#env = env;
    this.#identity = identity;
    this.#keys = keys;
    this.#unlisten = chain.on((event) => {
      const isNews =
        (event.kind === 'executed' && event.receipts.length > 0) ||
        (event.kind === 'finalized' && event.checkpoint.receipts > 0) ||
        event.kind === 'epoch';
      if (isNews && (!this.#isIdle || event.kind === 'epoch')) this.wake();
    });
    chain.onWatched = () => this.wake();
    this.wake();
  }

  /** There is something to tell, or somebody to tell it to. */
  wake(): void {
    this.#isDue = true;
    if (this.#hasEnded || this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#tell().finally(() => {
        this.#running = undefined;
        if (this.#isDue) this.wake();
      });
    }, EVERY_MS);
  }

  async close(): Promise<void> {
    this.#hasEnded = true;
    this.#unlisten();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #tell(): Promise<void> {
    this.#isDue = false;
    // A refusal is recorded by the kernel; what it did not tell is told the next time.
    const result = (await this.#env.invoke(this.#signed())) as Result<{
      more: boolean;
      watches: number;
    }>;
    if (result.status !== 'ok') return;
    this.#isIdle = result.data.watches === 0;
    if (result.data.more) this.#isDue = true;
  }

  #signed(): Call {
    const input = {};
    const ts = new Date().toISOString();
    const idempotencyKey = randomUUID();
    const signature = signCall(this.#keys, {
      node: this.#env.services.node.did,
      identity: this.#identity,
      operation: contract.relay.id,
      version: API_VERSION,
      idempotencyKey,
      ts,
      inputDigest: sha256Hex(utf8(canonicalJson(input))),
    });
    return {
      operation: contract.relay.id,
      input,
      surface: 'process',
      credential: { kind: 'signature', identity: this.#identity, ts, signature },
      idempotencyKey,
    };
  }
}
