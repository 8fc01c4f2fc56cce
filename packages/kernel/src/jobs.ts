import { utf8 } from '@anarq/crypto';
import type { Capability } from './capability.ts';
import { nodeEvent } from './nodeEvents.ts';
import type { KernelParts } from './parts.ts';
import type { JobNews, JobWatcher, Progress } from './processViews.ts';

/** Progress is kept this often at most; what was told last before the end is kept, too. */
const KEEP_EVERY_MS = 250;
const TELL_EVERY_MS = 1_000;
const WATCHERS_MAX = 10_000;
const NOTE_CHARS_MAX = 200;

interface Told {
  progress: Progress;
  kept_ms: number;
  told_ms: number;
  isKept: boolean;
}

/** The progress of jobs under way, and who watches it. */
export class Jobs {
  readonly #parts: KernelParts;
  readonly #now_ms: () => number;
  readonly #watchers = new Map<string, Set<JobWatcher>>();
  readonly #told = new Map<string, Told>();
  #count = 0;

  constructor(parts: KernelParts, now_ms: () => number) {
    this.#parts = parts;
    this.#now_ms = now_ms;
  }

  /**
   * Calls a listener with the progress of a job from now on, until it has ended or the returned
   * function is called. A job that is not under way in this process tells nothing.
   */
  watch(jobId: string, watcher: JobWatcher): () => void {
    if (this.#count >= WATCHERS_MAX) return () => undefined;
    const watchers = this.#watchers.get(jobId) ?? new Set();
    watchers.add(watcher);
    this.#watchers.set(jobId, watchers);
    this.#count += 1;
    return () => {
      if (watchers.delete(watcher)) this.#count -= 1;
      if (watchers.size === 0) this.#watchers.delete(jobId);
    };
  }

  /** What a job told last, where it runs in this process. */
  latest(jobId: string): Progress | undefined {
    return this.#told.get(jobId)?.progress;
  }

  report(capability: Capability, done: number, total?: number, note?: string): void {
    if (!Number.isSafeInteger(done) || (total !== undefined && !Number.isSafeInteger(total)))
      throw new Error('progress is counted in whole numbers');
    const progress: Progress = {
      done,
      ...(total === undefined ? {} : { total }),
      ...(note === undefined ? {} : { note: note.slice(0, NOTE_CHARS_MAX) }),
    };
    const jobId = capability.process;
    const now_ms = this.#now_ms();
    const told = this.#told.get(jobId) ?? { progress, kept_ms: 0, told_ms: 0, isKept: false };
    // A run after a crash tells again what was told; it does not go back.
    if (told.progress.done > done) return;
    told.progress = progress;
    told.isKept = false;
    this.#told.set(jobId, told);
    this.#tell({ jobId, isEnded: false, progress });
    if (Math.abs(now_ms - told.kept_ms) < KEEP_EVERY_MS) return;
    told.kept_ms = now_ms;
    this.keep(capability).catch((error: unknown) => this.#parts.onError(error, `job ${jobId}`));
  }

  /** Writes what was told last. */
  async keep(capability: Capability): Promise<void> {
    const { process: jobId, principal, operation, record, subject } = capability;
    const told = this.#told.get(jobId);
    if (told === undefined || told.isKept) return;
    told.isKept = true;
    const { progress } = told;
    const now_ms = this.#now_ms();
    const isNews = Math.abs(now_ms - told.told_ms) >= TELL_EVERY_MS;
    if (isNews) told.told_ms = now_ms;
    const { note: _, ...numbers } = progress;
    await this.#parts.store.commit([
      {
        sql: `UPDATE kernel_process SET progress_sealed = :progress WHERE id = :id AND state = 'RUNNING'`,
        params: {
          id: jobId,
          progress: this.#parts.services.sealer.seal(
            'progress',
            jobId,
            utf8(JSON.stringify(progress)),
          ),
        },
      },
      ...(isNews
        ? nodeEvent(this.#parts, {
            topic: 'q.node.job.progress.v1',
            tenant: principal.tenant,
            subject,
            record,
            id: `${jobId}.progress.${now_ms}.${progress.done}`,
            at_ms: now_ms,
            data: { jobId, operation, subject, ...numbers },
          })
        : []),
    ]);
    if (isNews) this.#parts.wake();
  }

  ended(jobId: string): void {
    this.#told.delete(jobId);
    this.#tell({ jobId, isEnded: true });
    this.#count -= this.#watchers.get(jobId)?.size ?? 0;
    this.#watchers.delete(jobId);
  }

  #tell(news: JobNews): void {
    for (const watcher of this.#watchers.get(news.jobId) ?? [])
      try {
        watcher(news);
      } catch (error) {
        this.#parts.onError(error, `watcher of ${news.jobId}`);
      }
  }
}
