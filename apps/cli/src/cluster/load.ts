import { setTimeout as wait } from 'node:timers/promises';
import { bytesOfHex, EXPIRY_MAX_ms } from '@anarq/dag';
import type { Cluster } from './cluster.ts';
import { seedOf } from './layout.ts';
import { askFurthest, furthest, isPassing } from './membership.ts';
import { Wallet, type SignedEntry } from './wallet.ts';

const FEE = 1n;
const AMOUNT = 1n;
const ASK_MS = 50;
/** After so long without a receipt the same bytes are handed to the next member. */
const AGAIN_MS = 1_500;
export interface LoadReport {
  readonly sent: number;
  readonly final: number;
  /** Entries that were handed in once more, to another member. */
  readonly again: number;
  /** From handing in to the certificate, in milliseconds. */
  readonly finality_ms: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The longest time in which nothing became final, in milliseconds. */
  readonly gap_ms: number;
}

interface LoadOrder {
  /** Transfers under one signature. */
  readonly batch: number;
  /** Between the entries of one account, from one that is final to the next. */
  readonly pause_ms: number;
  readonly onFinal?: (count: number) => void;
}

/**
 * Transfers that keep flowing: each account of the cluster has one entry under way, hands it to
 * another member where no receipt comes, and goes on when it is final.
 */
export class Load {
  readonly #cluster: Cluster;
  readonly #order: LoadOrder;
  readonly #expected = new Map<string, { balance: bigint; nonce: bigint }>();
  readonly #times_ms: number[] = [];
  readonly #clients: Promise<void>[] = [];
  #isStopping = false;
  #failure: unknown;
  #sent = 0;
  #again = 0;
  #last_ms = 0;
  #gap_ms = 0;
  #turn = 0;

  private constructor(cluster: Cluster, order: LoadOrder) {
    this.#cluster = cluster;
    this.#order = order;
  }

  /** Begins with accounts as the chain has them now. */
  static async start(cluster: Cluster, order: LoadOrder): Promise<Load> {
    const load = new Load(cluster, order);
    const { chain } = await cluster.plan();
    const accounts = chain.accounts.filter(({ id }) => id !== chain.authority);
    const { chainId } = (await furthest(cluster)).chain;
    for (const { id } of [...accounts, { id: chain.authority }]) {
      const now = await load.#accountOf(id);
      load.#expected.set(id, {
        balance: BigInt(now?.balance ?? 0),
        nonce: BigInt(now?.nonce ?? 0),
      });
    }
    load.#last_ms = performance.now();
    for (const [at, { id }] of accounts.entries()) {
      const seed = await seedOf(cluster.folder, `account-${at + 1}`);
      const nonce = (load.#expected.get(id)?.nonce ?? 0n) + 1n;
      const wallet = new Wallet(bytesOfHex(chainId), seed, nonce);
      const to = accounts[(at + 1) % accounts.length]?.id ?? id;
      load.#clients.push(
        load.#client(wallet, to, chain.treasury).catch((error: unknown) => load.#fail(error)),
      );
    }
    return load;
  }

  /** Lets what is under way become final, and begins nothing more. */
  async stop(): Promise<LoadReport> {
    this.#isStopping = true;
    await Promise.all(this.#clients);
    if (this.#failure !== undefined) throw this.#failure;
    const sorted = this.#times_ms.toSorted((a, b) => a - b);
    const at = (part: number): number =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
    return {
      sent: this.#sent,
      final: this.#times_ms.length * this.#order.batch,
      again: this.#again,
      finality_ms: { p50: at(0.5), p99: at(0.99), max: at(1) },
      gap_ms: Math.round(this.#gap_ms),
    };
  }

  /**
   * Accounts whose balance or nonce is not what it must be, where each transfer acted once. The
   * authority may have done something meanwhile, whose fee it pays to itself.
   */
  async differences(): Promise<string[]> {
    const { authority } = (await this.#cluster.plan()).chain;
    const wrong: string[] = [];
    for (const [id, { balance, nonce }] of this.#expected) {
      const now = await this.#accountOf(id);
      const isUsed = id === authority || now?.nonce === String(nonce);
      if (now?.balance !== String(balance) || !isUsed) wrong.push(id);
    }
    return wrong;
  }

  async #client(wallet: Wallet, to: string, treasury: string): Promise<void> {
    const { batch, pause_ms } = this.#order;
    while (!this.#isStopping) {
      const actions = Array.from({ length: batch }, () => ({
        kind: 'transfer' as const,
        to,
        amount: AMOUNT,
        memo: new Uint8Array(),
      }));
      const entry = wallet.sign(actions, { fee: FEE, notAfter_ms: Date.now() + EXPIRY_MAX_ms / 2 });
      this.#sent += batch;
      await this.#untilFinal(entry);
      this.#moved(wallet.account, to, treasury, BigInt(batch));
      if (pause_ms > 0) await wait(pause_ms);
    }
  }

  /** Of several the first is told, at the end. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#isStopping = true;
  }

  #moved(from: string, to: string, treasury: string, count: bigint): void {
    const change = (id: string, by: bigint, nonces: bigint): void => {
      const account = this.#expected.get(id);
      if (account === undefined) return;
      account.balance += by;
      account.nonce += nonces;
    };
    change(from, -(AMOUNT + FEE) * count, count);
    change(to, AMOUNT * count, 0n);
    change(treasury, FEE * count, 0n);
  }

  async #untilFinal({ bytes, ids }: SignedEntry): Promise<void> {
    const began_ms = performance.now();
    const entry = Buffer.from(bytes).toString('base64');
    for (let handed_ms = -Infinity, member = ''; ;) {
      if (performance.now() - handed_ms > AGAIN_MS) {
        if (member !== '') this.#again += 1;
        handed_ms = performance.now();
        member = await this.#next();
        await this.#quiet(() => this.#cluster.ask(member, 'submit', { entry }));
      }
      const states = await this.#quiet(() =>
        this.#cluster.ask<(string | null)[]>(member, 'states', { ids }),
      );
      if (states?.every((state) => state === 'Finalized') === true) break;
      const wrong = states?.find((state) => state === 'Rejected' || state === 'Expired');
      if (wrong !== undefined && wrong !== null) throw new Error(`a transfer was ${wrong}`);
      await wait(ASK_MS);
    }
    const now_ms = performance.now();
    this.#times_ms.push(now_ms - began_ms);
    this.#gap_ms = Math.max(this.#gap_ms, now_ms - this.#last_ms);
    this.#last_ms = now_ms;
    this.#order.onFinal?.(ids.length);
  }

  /** A member that is down, or has no room, is no reason to stop: the next one is asked. */
  async #quiet<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (isPassing(error)) return undefined;
      throw error;
    }
  }

  #accountOf(id: string): Promise<{ balance: string; nonce: string } | null> {
    return askFurthest(this.#cluster, 'account', { id });
  }

  async #next(): Promise<string> {
    const { members } = await this.#cluster.status();
    const running = members.filter(({ state }) => state === 'RUNNING');
    this.#turn += 1;
    return running[this.#turn % Math.max(1, running.length)]?.name ?? '';
  }
}
