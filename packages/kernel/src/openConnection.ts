/** Whom and which grant calls name. */
interface Names {
  readonly subject?: string;
  readonly grant?: string;
}

/**
 * What stands for a connection in the calls over it. It proves something only where the kernel itself
 * gave it out: one that somebody makes, or reads from a wire, is worth nothing.
 */
export class OpenConnection {
  /** Whom its opener acts for. */
  readonly subject: string;
  /** What the opening named; each call over it names the same. */
  readonly names: Names;

  constructor(subject: string, { subject: named, grant }: Names) {
    this.subject = subject;
    this.names = {
      ...(named === undefined ? {} : { subject: named }),
      ...(grant === undefined ? {} : { grant }),
    };
  }
}
