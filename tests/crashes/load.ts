import { bearer, createClient, http, type Client } from '@anarq/common-clients';
import type { AnyOperation, InputOf, Result } from '@anarq/common-schemas';
import type { NodeAddress } from '@anarq/node';
import { qindex } from '@anarq/qindex/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { clientOf, PRICE, UNIT, type Party } from '../purchaseWorld.ts';
import type { CrashWorld } from './world.ts';

const CONTENT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';

/** Somebody who asks for one thing after the other. */
interface Caller {
  readonly name: string;
  client(address: NodeAddress): Client;
  /** The next thing it asks for. */
  next(count: number): { readonly op: AnyOperation; readonly input: object };
}

/** A write that was asked for under a key, and whose end nobody knows yet. */
interface Asked {
  readonly caller: Caller;
  readonly op: AnyOperation;
  readonly input: object;
  readonly key: string;
}

/** A record that the node said it had written. */
export interface WrittenRecord {
  readonly by: Party;
  readonly recordId: string;
  readonly key: string;
}

/**
 * Concurrent callers, and a book of their own of what they were answered. Nothing of it is known to
 * the node: with it, what the node kept is compared.
 */
export class Load {
  /** Records whose writing was answered. */
  readonly written: WrittenRecord[] = [];
  /** Purchases that ended well, by who paid: the index of the buyer. */
  readonly bought = new Map<number, number>();
  boughtByAgent = 0;
  /** Ends that nobody expected. */
  readonly surprises: string[] = [];
  /** Writes whose end was learned only after a crash. */
  resolved = 0;
  readonly #callers: readonly Caller[];
  readonly #pending = new Map<Caller, Asked>();
  #asked = 0;

  constructor(world: CrashWorld) {
    const purchase = () => ({
      op: qmarket.purchase,
      input: { listingId: world.listingId, maxPrice: PRICE, unit: UNIT },
    });
    this.#callers = [
      ...world.writers.map((party, at) => ({
        name: `writer ${at}`,
        client: (address: NodeAddress) => clientOf(address, party),
        next: (count: number) => ({
          op: qindex.put,
          input: { type: 'crash', key: `w${at}.${count}`, cid: CONTENT, tags: [] },
        }),
      })),
      ...world.buyers.map((party, at) => ({
        name: `buyer ${at}`,
        client: (address: NodeAddress) => clientOf(address, party),
        next: purchase,
      })),
      {
        name: 'agent',
        client: ({ url }) =>
          createClient({
            contracts: [qmarket],
            transport: http({ url, credentials: bearer(world.agent.token) }),
          }),
        next: purchase,
      },
    ];
    this.#parties = [...world.writers];
  }
  readonly #parties: readonly Party[];

  /** Everybody calls until `isOver`, or until the node no longer answers. */
  async run(address: NodeAddress, isOver: () => boolean): Promise<void> {
    await Promise.all(
      this.#callers.map(async (caller) => {
        const client = caller.client(address);
        for (let failures = 0; !isOver() && failures < 3;) {
          const asked = this.#pending.get(caller) ?? this.#ask(caller);
          failures = (await this.#attempt(client, asked)) ? 0 : failures + 1;
        }
      }),
    );
  }

  /** Asks again, under its own key, for everything whose end is not known. */
  async settle(address: NodeAddress): Promise<void> {
    await Promise.all(
      [...this.#pending].map(async ([caller, asked]) => {
        const client = caller.client(address);
        for (let tries = 0; tries < 200; tries++) {
          if (await this.#attempt(client, asked)) {
            this.resolved += 1;
            return;
          }
          await new Promise((resolve) => setTimeout(resolve, 25));
        }
        this.surprises.push(`${caller.name}: ${asked.key} has no end`);
      }),
    );
  }

  #ask(caller: Caller): Asked {
    const count = this.#asked++;
    const asked = {
      caller,
      ...caller.next(count),
      key: `${caller.name.replace(' ', '-')}.${count}`,
    };
    this.#pending.set(caller, asked);
    return asked;
  }

  /** @returns whether the end of it is known now */
  async #attempt(client: Client, asked: Asked): Promise<boolean> {
    const { caller, op, input, key } = asked;
    // The input is one that `next` made for this operation.
    const result = await client.result(op, input as InputOf<AnyOperation>, {
      idempotencyKey: key,
      retry: false,
      timeout_ms: 20_000,
    });
    if (result.status === 'error' && result.retryable) return false;
    this.#pending.delete(caller);
    this.#note(caller, asked, result);
    return true;
  }

  #note(caller: Caller, { key, input }: Asked, result: Result<unknown>): void {
    if (result.status === 'error') {
      this.surprises.push(`${caller.name}: ${key} ended as ${result.code}: ${result.message}`);
      return;
    }
    const [kind, index] = caller.name.split(' ');
    const at = Number(index);
    if (kind === 'agent') this.boughtByAgent += 1;
    else if (kind === 'buyer') this.bought.set(at, (this.bought.get(at) ?? 0) + 1);
    else {
      const by = this.#parties[at];
      const { recordId } = result.data as { recordId: string };
      if (by !== undefined)
        this.written.push({ by, recordId, key: (input as { key: string }).key });
    }
  }
}
