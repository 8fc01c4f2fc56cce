import { EVERYBODY, type EventAudience } from '@anarq/bus';
import type { AnyOperation } from '@anarq/common-schemas';
import type { Grants } from './grants.ts';

/** The operation by which events are read, and with which a stream goes on. */
export const FOLLOWED_OPERATION = 'node.readEvents';

/** What access to events is decided on. */
interface Deciding {
  readonly grants: Grants;
  readonly node: { readonly operator: string; readonly tenant: string };
}

/** Somebody who reads events. */
export interface EventViewer {
  readonly actor: string;
  readonly tenant: string;
  /** On whose behalf, where the reader named that: only what that party may see. */
  readonly subject: string | undefined;
  /** The only grant that counts, where the reader came with one or named one. */
  readonly grant: string | undefined;
  /** The owner of the node, or who holds a grant from it, reads every event of its tenant. */
  readonly all: boolean;
}

/** Command of the grants that open every event of the operator's tenant. */
const ALL_EVENTS = '/node/events';

/** Decides which events somebody sees; asked for each event, so that a revocation holds at once. */
export class EventAccess {
  readonly #services: Deciding;
  readonly #operations: (id: string) => AnyOperation | undefined;
  readonly #now_ms: () => number;

  constructor(
    services: Deciding,
    operations: (id: string) => AnyOperation | undefined,
    now_ms: () => number,
  ) {
    this.#services = services;
    this.#operations = operations;
    this.#now_ms = now_ms;
  }

  async sees(viewer: EventViewer, audience: EventAudience): Promise<boolean> {
    if (viewer.tenant !== audience.tenant) return false;
    if (viewer.all) return this.seesAll(viewer);
    const { viewers } = audience;
    const { actor, subject, grant } = viewer;
    if (grant !== undefined) {
      const held = await this.#active(grant);
      return held !== undefined && (viewers.has(grant) || this.#covers(held, viewer, audience));
    }
    const isOwn = subject === undefined || subject === actor;
    if (isOwn && (viewers.has(EVERYBODY) || viewers.has(actor))) return true;
    for (const command of this.#commandsOf(audience)) {
      const held = await this.#services.grants.candidates(actor, command, subject);
      if (held.some((each) => this.#covers(each, viewer, audience))) return true;
    }
    return false;
  }

  /** Whether a reader may see every event of the node's own tenant. */
  async seesAll({ actor, tenant, subject, grant }: Omit<EventViewer, 'all'>): Promise<boolean> {
    const { operator, tenant: home } = this.#services.node;
    if (tenant !== home) return false;
    if (grant === undefined && actor === operator) return true;
    const held =
      grant === undefined
        ? await this.#services.grants.candidates(actor, ALL_EVENTS, operator)
        : [await this.#active(grant)];
    return held.some(
      (each) =>
        each?.subject === operator &&
        (subject === undefined || subject === operator) &&
        this.#allows(each, ALL_EVENTS, actor, { op: FOLLOWED_OPERATION, resource: 'node' }),
    );
  }

  /** The grant, while it is in force and nobody behind it is suspended. */
  async #active(cid: string): Promise<Held> {
    const held = await this.#services.grants.active(cid);
    const isStopped =
      held !== undefined && this.#services.grants.suspendedBehind(held) !== undefined;
    return isStopped ? undefined : held;
  }

  /** A grant opens an event of its subject when it covers what was done, or the events of that. */
  #covers(held: Held, viewer: EventViewer, audience: EventAudience): boolean {
    if (held === undefined || held.audience !== viewer.actor) return false;
    if (viewer.subject !== undefined && viewer.subject !== held.subject) return false;
    const { viewers, resource, operation } = audience;
    if (!viewers.has(EVERYBODY) && !viewers.has(held.subject)) return false;
    const op = this.#operations(operation);
    const args = {
      op: operation,
      ...(op === undefined || op.mcp === false ? {} : { tool: op.mcp.tool }),
      ...(resource === undefined ? {} : { resource }),
    };
    return this.#commandsOf(audience).some((command) =>
      this.#allows(held, command, viewer.actor, args),
    );
  }

  #allows(held: Held, command: string, audience: string, args: Record<string, unknown>): boolean {
    if (held === undefined) return false;
    const now_s = Math.floor(this.#now_ms() / 1000);
    return held.check({ command, args, audience, subject: held.subject, now_s }).allow;
  }

  /** '/wallet/pay' is covered by grants for it, and for '/wallet/events'. */
  #commandsOf({ operation }: EventAudience): readonly string[] {
    const command = this.#operations(operation)?.command;
    return command === undefined ? [] : [command, `/${command.split('/')[1] ?? ''}/events`];
  }
}

type Held = Awaited<ReturnType<Grants['active']>>;
