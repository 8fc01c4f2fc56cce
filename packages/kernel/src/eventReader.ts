import type { Bus, Consumer, DeadLetter, EventPage, Follow } from '@anarq/bus';
import { fail } from '@anarq/common-schemas';
import type { Principal } from './call.ts';
import type { EventAccess, EventViewer } from './eventAccess.ts';

/** What a reader of events asks for. */
export interface EventsInput {
  readonly topics?: readonly string[] | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly subject?: string | undefined;
  /** Every event of the tenant: for the owner of the node, and whom it granted that. */
  readonly all?: boolean | undefined;
}

/** Who proved what, as far as it decides which events it sees. */
export interface ReaderFacts extends Pick<Principal, 'actor' | 'tenant' | 'boundGrant'> {
  readonly subject: string;
  readonly grants: readonly string[];
}

/** Events for the modules that answer with them: each reader sees its own. */
export class EventReader {
  readonly #bus: Bus;
  readonly #access: EventAccess;

  constructor(bus: Bus, access: EventAccess) {
    this.#bus = bus;
    this.#access = access;
  }

  /**
   * One page of what the reader may see, oldest first.
   * @throws QError INPUT_INVALID, QONSENT_DENIED for `all`
   */
  async page(reader: ReaderFacts, input: EventsInput): Promise<EventPage> {
    const viewer = await this.#viewer(reader, input);
    const { topics, after, limit, subject } = input;
    return this.#bus.read({
      tenant: viewer.tenant,
      sees: (audience) => this.#access.sees(viewer, audience),
      ...(topics === undefined ? {} : { topics }),
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit }),
      ...(subject === undefined ? {} : { subject }),
    });
  }

  /** The same as they come, from now or from a cursor on. @throws as `page` */
  async follow(reader: ReaderFacts, { topics, after, all }: EventsInput): Promise<Follow> {
    const viewer = await this.#viewer(reader, { all });
    return this.#bus.follow({
      tenant: viewer.tenant,
      sees: (audience) => this.#access.sees(viewer, audience),
      ...(topics === undefined ? {} : { topics }),
      ...(after === undefined ? {} : { after }),
    });
  }

  /** Who reads with a cursor of its own, and how far each is. */
  consumers(): Promise<readonly Consumer[]> {
    return this.#bus.consumers();
  }

  /** What a consumer could not deal with, oldest first, at most 200. */
  deadLetters(consumer: string): Promise<readonly DeadLetter[]> {
    return this.#bus.dead(consumer);
  }

  /**
   * Hands a dead letter to its consumer again.
   * @returns whether it was taken
   * @throws QError QINDEX_NOT_FOUND, STATE_CONFLICT
   */
  retryDeadLetter(consumer: string, eventId: string): Promise<boolean> {
    return this.#bus.retryDead(consumer, eventId);
  }

  async #viewer(reader: ReaderFacts, { all = false }: EventsInput): Promise<EventViewer> {
    const viewer = {
      actor: reader.actor,
      tenant: reader.tenant,
      subject: reader.subject === reader.actor ? undefined : reader.subject,
      grant: reader.boundGrant ?? reader.grants[0],
      all,
    };
    if (all && !(await this.#access.seesAll(viewer)))
      fail(
        'QONSENT_DENIED',
        'node.readEvents is refused: every event is for the owner of the node.',
        {
          why: { rule: 'only the owner of the node, and whom it granted that, sees every event' },
        },
      );
    return viewer;
  }
}
