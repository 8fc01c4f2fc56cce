import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fail } from '@anarq/common-schemas';
import { forkThrough } from './forkThrough.ts';
import { memberLog, type MemberPlan } from './layout.ts';
import type { FromMember, PeerAddress, ToMember } from './messages.ts';
import type { Seat } from './network.ts';

const ENTRY = fileURLToPath(new URL('./memberMain.ts', import.meta.url));
const READY_MS = 60_000;
const END_MS = 10_000;

export type MemberState = 'STARTING' | 'RUNNING' | 'PAUSED' | 'KILLED' | 'STOPPED' | 'FAILED';

/** A process of the cluster, as its supervisor holds it. */
export class Member {
  readonly plan: MemberPlan;
  readonly seat: Seat;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #state: MemberState = 'STOPPED';

  constructor(folder: string, plan: MemberPlan, seat: Seat) {
    this.#folder = folder;
    this.plan = plan;
    this.seat = seat;
  }

  get state(): MemberState {
    return this.#state;
  }

  /** Where it listens for peers, in its own network. */
  get address(): string {
    return `${this.seat.host}:${this.plan.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it, and waits until it answers. */
  async start(peers: readonly PeerAddress[]): Promise<void> {
    if (this.#child !== undefined) this.#refuse('runs already');
    const log = openSync(memberLog(this.#folder, this.plan.name), 'a', 0o600);
    const child = forkThrough(this.seat.through, [ENTRY, this.#folder, this.plan.name], {
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#child = child;
    this.#state = 'STARTING';
    child.once('exit', () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.#state === 'RUNNING' || this.#state === 'STARTING') this.#state = 'FAILED';
      if (this.#state === 'PAUSED') this.#state = 'KILLED';
    });
    this.tell({ kind: 'start', listen: this.address, peers });
    await this.#ready(child);
    this.#state = 'RUNNING';
  }

  async #ready(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error('it did not answer in time')), READY_MS);
    // Only memberMain.ts sends on this channel.
    child.once('message', (message) => {
      const news = message as FromMember;
      if (news.kind === 'ready') resolve();
      else reject(new Error(news.message));
    });
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${signal ?? code}`)));
    try {
      await promise;
    } catch (error) {
      child.kill('SIGKILL');
      fail(
        'STATE_CONFLICT',
        `${this.plan.name} did not start: ${(error as Error).message}. Its log says more.`,
        { state: 'FAILED' },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  tell(message: ToMember): void {
    if (this.#child?.connected === true) this.#child.send(message);
  }

  /** As a power cut for this process alone: SIGKILL. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL', 'KILLED');
  }

  /** Asks it to end, and makes it where it does not. */
  async stop(): Promise<void> {
    if (this.#child === undefined) {
      this.#state = 'STOPPED';
      return;
    }
    // What is stopped by SIGSTOP hears nothing else.
    if (this.#state === 'PAUSED') this.#child.kill('SIGCONT');
    await this.#end('SIGTERM', 'STOPPED');
  }

  pause(): void {
    if (this.#state !== 'RUNNING') this.#refuse('does not run');
    this.#child?.kill('SIGSTOP');
    this.#state = 'PAUSED';
  }

  resume(): void {
    if (this.#state !== 'PAUSED') this.#refuse('is not paused');
    this.#child?.kill('SIGCONT');
    this.#state = 'RUNNING';
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM', state: MemberState): Promise<void> {
    const child = this.#child;
    if (child === undefined) return this.#refuse('does not run');
    this.#state = state;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await ended;
    clearTimeout(timer);
  }

  #refuse(what: string): never {
    return fail('STATE_CONFLICT', `${this.plan.name} ${what}.`, { state: this.#state });
  }
}
