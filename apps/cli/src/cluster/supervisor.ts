import { fail } from '@anarq/common-schemas';
import { FaultMesh } from '@anarq/p2p/testing';
import { openSeat } from './chooseNetwork.ts';
import { makeMember, writePlan, type ClusterPlan, type MemberPlan } from './layout.ts';
import { Member, type MemberState } from './member.ts';
import type { PeerAddress } from './messages.ts';
import type { NetworkKind } from './network.ts';
import { freePorts } from './ports.ts';

/** Parts of a cluster that cannot hear each other; who is in none hears nobody. */
export type Parts = readonly (readonly string[])[];

export interface MemberStatus {
  readonly name: string;
  readonly state: MemberState;
  readonly pid?: number;
  readonly publicKey: string;
  /** Where it listens for peers, in its own network. */
  readonly address: string;
}

/**
 * Holds the processes of a cluster. Each reaches each other one through a proxy of its own, so that
 * any link can be cut, delayed or dropped. With network namespaces there is no other way to it.
 */
export class Supervisor {
  readonly network: NetworkKind;
  readonly #folder: string;
  readonly #members = new Map<string, Member>();
  readonly #links = new FaultMesh();
  #plan: ClusterPlan;
  #parts: Parts | undefined;

  constructor(folder: string, plan: ClusterPlan, network: NetworkKind) {
    this.network = network;
    this.#folder = folder;
    this.#plan = plan;
  }

  get plan(): ClusterPlan {
    return this.#plan;
  }

  /** Starts all that were not removed, together. */
  async start(): Promise<void> {
    const plans = this.#plan.members.filter(({ isRemoved }) => isRemoved !== true);
    for (const plan of plans) await this.#join(plan);
    await Promise.all(plans.map(({ name }) => this.startMember(name)));
  }

  async startMember(name: string): Promise<void> {
    const member = this.#member(name);
    await member.start(this.#peersOf(member.plan));
  }

  kill(name: string): Promise<void> {
    return this.#member(name).kill();
  }

  stopMember(name: string): Promise<void> {
    return this.#member(name).stop();
  }

  pause(name: string): void {
    this.#member(name).pause();
  }

  resume(name: string): void {
    this.#member(name).resume();
  }

  /** Cuts all links between the parts. */
  partition(parts: Parts): void {
    const named = parts.flat();
    for (const name of named) this.#member(name);
    if (new Set(named).size !== named.length) fail('INPUT_INVALID', 'A node is in one part only.');
    this.#parts = parts;
    this.#cutLinks();
  }

  heal(): void {
    this.#parts = undefined;
    this.#cutLinks();
    this.#links.set({ delay_ms: 0, jitter_ms: 0 });
  }

  /** Every message takes this much longer, in both directions. */
  delay(delay_ms: number, jitter_ms: number): void {
    this.#links.set({ delay_ms, jitter_ms });
  }

  /** A new process with a new key, which follows the chain until it is named a validator. */
  async add(): Promise<MemberPlan> {
    const name = `n${this.#plan.members.length + 1}`;
    const taken = this.#plan.members.map((member) => member.port);
    // In namespaces the ports of the others are free here; on loopback they are not.
    const port = (await freePorts(taken.length + 1)).find((free) => !taken.includes(free));
    if (port === undefined) throw new Error('no port was given');
    const plan = await makeMember(this.#folder, name, port);
    await this.#keep({ ...this.#plan, members: [...this.#plan.members, plan] });
    const others = [...this.#members.values()];
    await this.#join(plan);
    for (const other of others)
      other.tell({ kind: 'addPeer', peer: this.#addressOf(other.plan, plan) });
    this.#cutLinks();
    await this.startMember(name);
    return plan;
  }

  /** Ends a process for good. That it is a validator no more is a matter of the chain, and comes before. */
  async remove(name: string): Promise<void> {
    const member = this.#member(name);
    await member.stop();
    this.#members.delete(name);
    for (const other of this.#members.values())
      other.tell({ kind: 'removePeer', publicKey: member.plan.publicKey });
    await this.#links.remove(name);
    member.seat.close();
    await this.#keep({
      ...this.#plan,
      members: this.#plan.members.map((plan) =>
        plan.name === name ? { ...plan, isRemoved: true } : plan,
      ),
    });
  }

  status(): readonly MemberStatus[] {
    return [...this.#members.values()].map(({ plan, state, pid, address }) => ({
      name: plan.name,
      state,
      ...(pid === undefined ? {} : { pid }),
      publicKey: plan.publicKey,
      address,
    }));
  }

  get parts(): Parts | undefined {
    return this.#parts;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => member.stop()));
    await this.#links.close();
  }

  async #join(plan: MemberPlan): Promise<void> {
    const { name } = plan;
    const number = this.#plan.members.findIndex((each) => each.name === name);
    const member = new Member(this.#folder, plan, await openSeat(this.network, name, number));
    await this.#links.add({ name, address: member.address, dialsAt: member.seat.gateway });
    this.#members.set(name, member);
  }

  #addressOf(from: MemberPlan, to: MemberPlan): PeerAddress {
    const address = this.#links.addressFor(from.name, to.name);
    if (address === undefined) throw new Error(`${from.name} has no link to ${to.name}`);
    return { publicKey: to.publicKey, address };
  }

  #peersOf(plan: MemberPlan): PeerAddress[] {
    return [...this.#members.values()].flatMap((other) =>
      other.plan.name === plan.name ? [] : [this.#addressOf(plan, other.plan)],
    );
  }

  #cutLinks(): void {
    const partOf = (name: string): number =>
      this.#parts?.findIndex((part) => part.includes(name)) ?? -1;
    for (const from of this.#links.nodes)
      for (const to of this.#links.nodes) {
        const isCut =
          this.#parts !== undefined && (partOf(from) !== partOf(to) || partOf(from) === -1);
        this.#links.proxy(from, to)?.set({ cut: isCut ? 'both' : 'none' });
      }
  }

  async #keep(plan: ClusterPlan): Promise<void> {
    await writePlan(this.#folder, plan);
    this.#plan = plan;
  }

  #member(name: string): Member {
    return (
      this.#members.get(name) ??
      fail(
        'INPUT_INVALID',
        `There is no node ${name}; there are ${[...this.#members.keys()].join(', ')}.`,
      )
    );
  }
}
