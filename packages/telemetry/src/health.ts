/** What a check finds: `degraded` works, but not as it should. */
export type CheckStatus = 'up' | 'degraded' | 'down';

export interface HealthCheck {
  readonly name: string;
  /** Without it the node cannot do its work; else it is only degraded while this is down. */
  readonly isEssential: boolean;
  /** Resolves with what was found; one that throws, or takes too long, is down. */
  readonly look: () => Promise<CheckStatus>;
}

export interface DependencyHealth {
  readonly status: CheckStatus;
  /** Milliseconds that the last check took. */
  readonly latency: number;
  /** RFC 3339, UTC. */
  readonly lastCheck: string;
}

/** The answer to "how are you?", as the module specification gives it. */
export interface Health {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly timestamp: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, DependencyHealth>>;
  readonly metrics: HealthMetrics;
}

export interface HealthMetrics {
  /** Seconds since the node started. */
  readonly uptime: number;
  readonly requestCount: number;
  /** Share of calls that were not answered with success, 0 to 1. */
  readonly errorRate: number;
  /** Milliseconds. */
  readonly avgResponseTime: number;
}

export interface HealthOptions {
  readonly version: string;
  readonly now_ms: () => number;
  readonly metrics: () => HealthMetrics;
  /** How long what was found answers further questions; default 1,000. */
  readonly cache_ms?: number;
  /** How long one check may take; default 2,000. */
  readonly timeout_ms?: number;
}

/** Looks at what a node depends on; at most once in a while, however often it is asked. */
export class HealthMonitor {
  readonly #options: HealthOptions;
  readonly #checks = new Map<string, HealthCheck>();
  #found: { readonly until_ms: number; readonly all: Promise<Found> } | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** One check a name: the last one given counts. */
  add(check: HealthCheck): void {
    this.#checks.set(check.name, check);
    this.#found = undefined;
  }

  async read(): Promise<Health> {
    const { version, now_ms, metrics, cache_ms = 1_000 } = this.#options;
    // The monotonic clock: a step of the other one must not freeze what was found.
    const asked_ms = performance.now();
    if (this.#found === undefined || asked_ms >= this.#found.until_ms)
      this.#found = { until_ms: asked_ms + cache_ms, all: this.#look() };
    const { dependencies, status } = await this.#found.all;
    return {
      status,
      timestamp: new Date(now_ms()).toISOString(),
      version,
      dependencies,
      metrics: metrics(),
    };
  }

  async #look(): Promise<Found> {
    const checks = [...this.#checks.values()];
    const found = await Promise.all(checks.map((check) => this.#lookAt(check)));
    const isDown = (essential: boolean) =>
      checks.some(
        ({ isEssential }, at) => isEssential === essential && found[at]?.status === 'down',
      );
    const isDegraded = isDown(false) || found.some(({ status }) => status === 'degraded');
    return {
      status: isDown(true) ? 'unhealthy' : isDegraded ? 'degraded' : 'healthy',
      dependencies: Object.fromEntries(
        checks.flatMap(({ name }, at) => {
          const each = found[at];
          return each === undefined ? [] : [[name, each]];
        }),
      ),
    };
  }

  async #lookAt({ look }: HealthCheck): Promise<DependencyHealth> {
    const { now_ms, timeout_ms = 2_000 } = this.#options;
    const begun_ms = performance.now();
    const lastCheck = new Date(now_ms()).toISOString();
    const status = await inTime(look, timeout_ms).catch(() => 'down' as const);
    const latency = Math.round((performance.now() - begun_ms) * 1_000) / 1_000;
    return { status, latency, lastCheck };
  }
}

type Found = Pick<Health, 'status' | 'dependencies'>;

async function inTime(look: () => Promise<CheckStatus>, timeout_ms: number): Promise<CheckStatus> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckStatus>((resolve) => {
    timer = setTimeout(() => resolve('down'), timeout_ms);
  });
  try {
    return await Promise.race([look(), late]);
  } finally {
    clearTimeout(timer);
  }
}
