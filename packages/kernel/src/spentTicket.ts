/** Whom and which grant calls name. */
interface Names {
  readonly subject?: string;
  readonly grant?: string;
}

/**
 * What stands for a ticket in the calls of the one connection that it opened. It proves something only
 * where the kernel itself gave it out: one that somebody makes, or reads from a wire, is worth nothing.
 */
export class SpentTicket {
  /** What was named when the ticket was asked for; each call by it names the same. */
  readonly names: Names;

  constructor(names: Names) {
    this.names = names;
  }
}
