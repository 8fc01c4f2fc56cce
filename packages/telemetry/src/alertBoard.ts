/** `page`: somebody should look now. `ticket`: somebody should look today. */
export type AlertSeverity = 'page' | 'ticket';

export interface Alert {
  /** What it is about: 'slo/qwallet/fast', 'dependency/disk', 'budget/bafy…/80'. */
  readonly id: string;
  readonly severity: AlertSeverity;
  readonly summary: string;
  readonly state: 'FIRING' | 'RESOLVED';
  /** Since when it is in that state; milliseconds since 1970. */
  readonly since_ms: number;
}

/** Beyond, the ones that were resolved first are forgotten. */
const ALERTS_MAX = 1_000;

/** Which alerts fire, and which have been resolved. Only a change is news. */
export class AlertBoard {
  readonly #alerts: Map<string, Alert>;
  readonly #now_ms: () => number;
  readonly #tell: (alert: Alert) => void;

  /** @param known what was kept when the node ran last */
  constructor(known: readonly Alert[], now_ms: () => number, tell: (alert: Alert) => void) {
    this.#alerts = new Map(known.map((alert) => [alert.id, alert]));
    this.#now_ms = now_ms;
    this.#tell = tell;
  }

  /** Says whether something is so; what was never firing needs no resolving. */
  set(about: Pick<Alert, 'id' | 'severity' | 'summary'>, isFiring: boolean): void {
    const known = this.#alerts.get(about.id);
    const state = isFiring ? 'FIRING' : 'RESOLVED';
    if ((known?.state ?? 'RESOLVED') === state) return;
    const { id, severity, summary } = about;
    const alert: Alert = { id, severity, summary, state, since_ms: this.#now_ms() };
    this.#alerts.delete(id);
    this.#alerts.set(id, alert);
    this.#forget();
    this.#tell(alert);
  }

  /** All that are known: the firing ones first, each kind newest first. */
  all(): Alert[] {
    const alerts = [...this.#alerts.values()].toReversed();
    const [firing, resolved] = [
      alerts.filter(({ state }) => state === 'FIRING'),
      alerts.filter(({ state }) => state === 'RESOLVED'),
    ];
    return [...firing, ...resolved];
  }

  #forget(): void {
    if (this.#alerts.size <= ALERTS_MAX) return;
    const oldest =
      this.#alerts.values().find(({ state }) => state === 'RESOLVED') ??
      this.#alerts.values().next().value;
    if (oldest !== undefined) this.#alerts.delete(oldest.id);
  }
}
