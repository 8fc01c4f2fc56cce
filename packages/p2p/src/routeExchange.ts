import type { KeyObject } from 'node:crypto';
import { isUnspecified, multiaddrOf, readAddress } from './address.ts';
import { RouteCache, ROUTES_MAX, signRoute, splitRoutes } from './routes.ts';
import type { Route } from './routes.ts';
import type { Offence } from './types.ts';

/** One's own route is signed anew when it is so old. */
const RESIGNED_MS = 60_000;

export interface RouteExchangeTask {
  readonly key: KeyObject;
  readonly publicKeyBytes: Uint8Array;
  readonly chainId: Uint8Array;
  readonly routes_max: number;
  /** Where this peer is reached. */
  readonly address: () => string;
  readonly isValidator: (publicKey: string) => boolean;
  readonly now_ms: () => number;
}

/** Which addresses peers tell each other: their own, and those of validators they know. */
export class RouteExchange {
  readonly #task: RouteExchangeTask;
  readonly #ownKey: string;
  readonly #cache: RouteCache;
  #own: Route | undefined;

  constructor(task: RouteExchangeTask) {
    this.#task = task;
    this.#ownKey = Buffer.from(task.publicKeyBytes).toString('hex');
    this.#cache = new RouteCache(task.chainId, task.routes_max, task.isValidator);
  }

  addressOf(publicKey: string): string | undefined {
    return this.#cache.get(publicKey)?.address;
  }

  /** What is told to a peer when it connects. */
  messageFor(publicKey: string): Uint8Array {
    const own = this.#ownRoute();
    const others = [...this.#cache.values()].filter(
      (route) => route.publicKey !== publicKey && this.#task.isValidator(route.publicKey),
    );
    const told = [...(own === undefined ? [] : [own]), ...others].slice(0, ROUTES_MAX);
    return Buffer.concat(told.map(({ record }) => record));
  }

  /** Reads what a peer told: what is news in it, or what is wrong with it. */
  learn(body: Uint8Array): readonly Route[] | Offence {
    const records = splitRoutes(body);
    if (records === undefined) return 'malformed';
    const news: Route[] = [];
    for (const record of records) {
      const route = this.#cache.read(record, this.#task.now_ms());
      if (route === undefined) return 'badSignature';
      if (route !== 'known' && route.publicKey !== this.#ownKey) news.push(route);
    }
    return news;
  }

  #ownRoute(): Route | undefined {
    const address = readAddress(this.#task.address());
    if (isUnspecified(address.host)) return undefined;
    const now_ms = this.#task.now_ms();
    if (this.#own === undefined || now_ms - this.#own.time_ms > RESIGNED_MS) {
      const { key, publicKeyBytes, chainId } = this.#task;
      this.#own = signRoute(key, publicKeyBytes, chainId, multiaddrOf(address), now_ms);
    }
    return this.#own;
  }
}
