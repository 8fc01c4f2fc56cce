import { QError, type AnyOperation, type Result } from '@anarq/common-schemas';
import type { ReceiptBranch, StepsOf } from '@anarq/log';
import type { Store } from '@anarq/store';
import type { Call } from '../call.ts';
import { failed } from '../commands.ts';
import type { Services } from '../services.ts';
import { freshId } from './channel.ts';
import { Feeder } from './feeder.ts';
import {
  contractDigest,
  type Answer,
  type CallMessage,
  type RecordsMessage,
  type StepMessage,
  type Welcome,
} from './messages.ts';
import { Peer } from './peer.ts';
import type {
  PeerLink,
  Remote,
  RemoteAnswer,
  RemotePlace,
  RemoteModules,
  RemoteStep,
} from './remote.ts';

/** How long another process may take to prove its records. */
const RECORDS_TIMEOUT_MS = 10_000;

interface Place {
  readonly peer: Peer;
  readonly feeder: Feeder | undefined;
}

/** Calls modules that run in other processes of this node, each at one of its addresses. */
export class Remotes implements RemoteModules {
  readonly contracts: RemoteModules['contracts'];
  onBack: () => void = () => undefined;
  readonly #operations: ReadonlyMap<string, AnyOperation>;
  readonly #placesOf: ReadonlyMap<string, readonly Place[]>;
  readonly #places: readonly Place[];
  readonly #link: PeerLink;
  readonly #now_ms: () => number;
  /** The process behind each module: its addresses lead to one store, or are not used. */
  readonly #processOf = new Map<string, { readonly process: string; readonly url: string }>();
  #turn = 0;

  constructor(order: {
    readonly remotes: readonly Remote[];
    readonly link: PeerLink;
    readonly services: Services;
    readonly store: Store;
    /** Name of this process as the source of the feed; absent: it follows one itself. */
    readonly source: string | undefined;
    readonly now_ms: () => number;
  }) {
    const { remotes, link, services, store, source, now_ms } = order;
    this.#link = link;
    this.#now_ms = now_ms;
    this.contracts = remotes.map(({ contract }) => contract);
    this.#operations = new Map(
      remotes.flatMap(({ contract }) =>
        Object.values(contract.operations).map((op) => [op.id, op] as const),
      ),
    );
    const boot = freshId();
    const places = new Map<string, Place>();
    for (const url of new Set(remotes.flatMap(({ urls }) => urls))) {
      const peer = new Peer({
        url,
        sealer: services.sealer,
        link,
        boot,
        now_ms,
        judge: (welcome) => this.#judge(url, remotes, welcome),
        onBack: () => this.onBack(),
      });
      const feeder =
        source === undefined ? undefined : new Feeder({ peer, services, store, source });
      places.set(url, { peer, feeder });
    }
    this.#places = [...places.values()];
    this.#placesOf = new Map(
      remotes.map(({ contract, urls }) => [
        contract.name,
        urls.map((url) => places.get(url)).filter((place) => place !== undefined),
      ]),
    );
  }

  operation(id: string): AnyOperation | undefined {
    return this.#operations.get(id);
  }

  call(op: AnyOperation, call: Call): Promise<RemoteAnswer> {
    return this.#ask(op, { kind: 'call', call });
  }

  async step({ op, ...step }: RemoteStep): Promise<Result<unknown>> {
    return (await this.#ask(op, { kind: 'step', operation: op.id, ...step })).result;
  }

  wake(): void {
    for (const { feeder } of this.#places) feeder?.wake();
  }

  places(): readonly RemotePlace[] {
    return this.#places.map(({ peer }) => ({
      url: peer.url,
      modules: [...this.#placesOf].flatMap(([name, places]) =>
        places.some((place) => place.peer === peer) ? [name] : [],
      ),
      problem: () => peer.problem,
      link: () => this.#link.stateOf(peer.url),
    }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#places.map(async ({ feeder }) => feeder?.close()));
  }

  async records(of: StepsOf, party: string): ReturnType<RemoteModules['records']> {
    const branches = new Map<string, ReceiptBranch>();
    const missing: string[] = [];
    const asked = new Set<readonly Place[]>();
    for (const [name, places] of this.#placesOf) {
      // Modules that one process runs have the same addresses, and one log.
      const same = [...asked].find((others) => others.every((one, at) => one === places[at]));
      if (same?.length === places.length) continue;
      asked.add(places);
      const { answer } = await this.#askPlaces(places, RECORDS_TIMEOUT_MS, {
        kind: 'records',
        of,
        party,
      });
      if (answer === undefined || !('branch' in answer)) missing.push(name);
      else if (answer.branch !== null) branches.set(answer.branch.log.origin, answer.branch);
    }
    return { branches: [...branches.values()], missing };
  }

  /** One address after the other, each call beginning with the next, those that answer first. */
  async #askPlaces(
    places: readonly Place[],
    within_ms: number,
    message: StepMessage | CallMessage | RecordsMessage,
  ): Promise<{ readonly answer?: Answer; readonly last?: QError }> {
    const first = this.#turn++ % Math.max(1, places.length);
    const inTurn = [...places.slice(first), ...places.slice(0, first)];
    const isSpared = ({ peer }: Place) => this.#link.isSpared(peer.url);
    const until_ms = performance.now() + within_ms;
    let last: QError | undefined;
    for (const { peer, feeder } of inTurn.toSorted(
      (a, b) => Number(isSpared(a)) - Number(isSpared(b)),
    )) {
      const left_ms = until_ms - performance.now();
      if (left_ms <= 0) break;
      try {
        const answer = await peer.ask(message, left_ms, async () => feeder?.upToDate());
        return { answer };
      } catch (error) {
        if (!(error instanceof QError)) throw error;
        last = error;
      }
    }
    return last === undefined ? {} : { last };
  }

  async #ask(op: AnyOperation, message: StepMessage | CallMessage): Promise<RemoteAnswer> {
    const places = this.#placesOf.get(op.module) ?? [];
    const { answer, last } = await this.#askPlaces(places, op.limits.timeout_ms, message);
    if (answer !== undefined && 'result' in answer)
      return { result: answer.result, isReached: true };
    const unknown =
      last ?? new QError('SERVICE_UNAVAILABLE', `${op.module} did not answer in time.`);
    const requestId = `req_${freshId()}`;
    const result = failed({ requestId, now_ms: this.#now_ms() }, unknown);
    return { result, isReached: false };
  }

  /** What keeps a process that answered from being called. */
  #judge(url: string, remotes: readonly Remote[], welcome: Welcome): string | undefined {
    for (const { contract, urls } of remotes) {
      if (!urls.includes(url)) continue;
      const { name, version } = contract;
      const there = welcome.modules.find((module) => module.name === name);
      if (there === undefined) return `it does not run ${name}`;
      if (there.digest !== contractDigest(contract))
        return `it runs another version of ${name} than ${version}`;
      const known = this.#processOf.get(name);
      if (known !== undefined && known.process !== welcome.process)
        return `it keeps other books of ${name} than ${known.url}`;
      this.#processOf.set(name, { process: welcome.process, url });
    }
    return undefined;
  }
}
