import { Child } from './measuring/child.ts';
import { figure, type BenchRun, type Figure } from './measuring/figures.ts';
import type { Heard, ReceiverArgument } from './p2p/receiver.ts';
import type { SenderArgument } from './p2p/sender.ts';
import { startFacts } from './p2p/startFacts.ts';

const CHAIN = 'be'.repeat(32);
const KINDS = [
  { name: '256 B', frame_bytes: 256 },
  { name: '4 KiB', frame_bytes: 4_096 },
  { name: '64 KiB', frame_bytes: 65_536 },
] as const;

const seedOf = (at: number): string => Buffer.alloc(32, at).toString('hex');
const pause = (wait_ms: number) => new Promise((resolve) => setTimeout(resolve, wait_ms));

/** A receiver and senders, each a process. */
class Bench {
  readonly #children: Child[] = [];
  readonly senders: Child[] = [];
  receiver: Child | undefined;
  readonly keys: string[] = [];

  /** Starts them; all `validators` of them, the rest followers. */
  async start(options: {
    readonly senders: number;
    readonly validators: number;
    readonly joined: boolean;
    readonly unlimited: boolean;
  }): Promise<void> {
    const facts = await Promise.all(
      Array.from({ length: options.senders }, (_, at) => keyOf(seedOf(at + 2))),
    );
    this.keys.push(...facts);
    const argument: ReceiverArgument = {
      seed: seedOf(1),
      chainId: CHAIN,
      unlimited: options.unlimited,
      validators: facts.slice(0, options.validators),
    };
    this.receiver = this.#child('receiver', argument);
    const peer = await this.receiver.ask<SenderArgument['peer']>({ kind: 'where' });
    for (const at of facts.keys()) {
      const sender: SenderArgument = {
        seed: seedOf(at + 2),
        chainId: CHAIN,
        peer,
        joined: options.joined,
      };
      const child = this.#child('sender', sender);
      await child.ask({ kind: 'connect' });
      this.senders.push(child);
    }
  }

  #child(name: string, argument: unknown): Child {
    const child = new Child(new URL(`./p2p/${name}.ts`, import.meta.url), argument);
    this.#children.push(child);
    return child;
  }

  /** What each sender got through a second, in bytes and frames, in so much time. */
  async measure(time_ms: number): Promise<readonly { bytes: number; frames: number }[]> {
    const before = await this.#heard();
    await pause(time_ms);
    const after = await this.#heard();
    const passed_s = (after.at_ms - before.at_ms) / 1_000;
    return this.keys.map((key) => {
      const [a, b] = [before.peers[key], after.peers[key]];
      return {
        bytes: ((b?.bytes ?? 0) - (a?.bytes ?? 0)) / passed_s,
        frames: ((b?.frames ?? 0) - (a?.frames ?? 0)) / passed_s,
      };
    });
  }

  /** Waits until everything that was queued has come, or is lost. */
  async settle(): Promise<void> {
    let before = -1;
    for (;;) {
      const { peers } = await this.#heard();
      const bytes = Object.values(peers).reduce((sum, peer) => sum + peer.bytes, 0);
      if (bytes === before) return;
      before = bytes;
      await pause(500);
    }
  }

  async cpu_us(): Promise<number> {
    const each = await Promise.all(this.#children.map((child) => child.cpu_us()));
    return each.reduce((sum, cpu_us) => sum + cpu_us, 0);
  }

  #heard(): Promise<Heard> {
    if (this.receiver === undefined) throw new Error('not started');
    return this.receiver.ask<Heard>({ kind: 'heard' });
  }

  async stop(): Promise<void> {
    for (const child of this.#children) await child.stop();
  }
}

async function keyOf(seed: string): Promise<string> {
  const { importPrivateKey, rawPublicKey } = await import('@anarq/crypto');
  const key = importPrivateKey('mldsa65', new Uint8Array(Buffer.from(seed, 'hex')));
  return Buffer.from(rawPublicKey(key)).toString('hex');
}

/** Frames between processes, joined and not; what a flooder does to others; what a start costs. */
export async function run(order: BenchRun): Promise<Figure[]> {
  const figures = [...(await frames(order)), ...(await floods(order))];
  return [...figures, ...(await startFacts(order))];
}

interface Passed {
  readonly perSecond: number;
  readonly cpu_us: number;
}

async function frames(order: BenchRun): Promise<Figure[]> {
  const time_ms = order.quick ? 1_000 : 3_000;
  const rounds = order.quick ? 1 : 5;
  const joined = new Map<string, Passed[]>(KINDS.map(({ name }) => [name, []]));
  const alone = new Map<string, Passed[]>(KINDS.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [isJoined, samples] of [[true, joined] as const, [false, alone] as const]) {
      order.progress(`frames, ${isJoined ? 'joined' : 'each alone'}: round ${round + 1}`);
      const bench = new Bench();
      try {
        await bench.start({ senders: 1, validators: 1, joined: isJoined, unlimited: true });
        for (const { name, frame_bytes } of KINDS) {
          samples.get(name)?.push(await passed(bench, frame_bytes, time_ms));
        }
      } finally {
        await bench.stop();
      }
    }
  }
  return KINDS.flatMap(({ name, frame_bytes }) =>
    (['perSecond', 'cpu_us'] as const).map((what) =>
      figure({
        name: `p2p.frames.${what === 'cpu_us' ? 'cpu.' : ''}${frame_bytes}`,
        unit: what === 'cpu_us' ? 'µs CPU/frame' : 'frames/s',
        values: (joined.get(name) ?? []).map((sample) => sample[what]),
        against: {
          name: 'each frame alone',
          values: (alone.get(name) ?? []).map((sample) => sample[what]),
        },
        conditions: `${name} that do not shrink, one process to another over TLS; CPU of both`,
      }),
    ),
  );
}

async function passed(bench: Bench, frame_bytes: number, time_ms: number): Promise<Passed> {
  const [sender] = bench.senders;
  await sender?.ask({ kind: 'send', frame_bytes });
  await pause(300);
  const before_us = await bench.cpu_us();
  const [got] = await bench.measure(time_ms);
  const cpu_us = (await bench.cpu_us()) - before_us;
  await sender?.ask({ kind: 'send', frame_bytes: 0 });
  await bench.settle();
  const perSecond = got?.frames ?? 0;
  return { perSecond, cpu_us: cpu_us / (perSecond * (time_ms / 1_000)) };
}

/** Two honest peers at a steady rate, or as fast as it goes; alone, and beside one that floods. */
async function floods(order: BenchRun): Promise<Figure[]> {
  const rounds = order.quick ? 1 : 5;
  const time_ms = order.quick ? 2_000 : 4_000;
  const figures: Figure[] = [];
  for (const isValidator of [false, true]) {
    const quiet: Goodput[] = [];
    const flooded: Goodput[] = [];
    for (let round = 0; round < rounds; round++) {
      order.progress(`${isValidator ? 'a validator' : 'a follower'} floods: round ${round + 1}`);
      const bench = new Bench();
      try {
        const validators = isValidator ? 3 : 2;
        await bench.start({ senders: 3, validators, joined: true, unlimited: false });
        const [first, second, flooder] = bench.senders;
        await first?.ask({ kind: 'send', frame_bytes: 4_096 });
        await second?.ask({ kind: 'send', frame_bytes: 4_096 });
        // The bucket of a peer that rested holds two seconds: they are used up first.
        await pause(4_000);
        quiet.push(await goodput(bench, time_ms));
        await flooder?.ask({ kind: 'send', frame_bytes: 256 });
        await pause(4_000);
        flooded.push(await goodput(bench, time_ms));
      } finally {
        await bench.stop();
      }
    }
    for (const what of ['perSecond', 'perCpuSecond'] as const) {
      figures.push(
        figure({
          name: `p2p.flood.${isValidator ? 'validator' : 'follower'}${what === 'perSecond' ? '' : '.cpu'}`,
          unit: what === 'perSecond' ? 'MB/s' : 'MB/s of CPU',
          values: flooded.map((sample) => sample[what]),
          against: {
            name: 'without the flooder',
            values: quiet.map((sample) => sample[what]),
          },
          target: { min: 2 / 3 },
          conditions: `two validators send 4 KiB frames as fast as they are taken, a third peer 256 B frames; goodput of the two${what === 'perSecond' ? ', four processes' : ' for the CPU of the receiver, whatever else the machine does'}`,
        }),
      );
    }
  }
  return figures;
}

interface Goodput {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

/** Megabytes of the two honest peers, by the clock and by the receiver's CPU. */
async function goodput(bench: Bench, time_ms: number): Promise<Goodput> {
  const before_us = (await bench.receiver?.cpu_us()) ?? 0;
  const got = await bench.measure(time_ms);
  const cpu_us = ((await bench.receiver?.cpu_us()) ?? 0) - before_us;
  const perSecond = got.slice(0, 2).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  return { perSecond, perCpuSecond: (perSecond * time_ms * 1_000) / cpu_us };
}
