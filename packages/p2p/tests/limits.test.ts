import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../src/bucket.ts';
import { FairDelivery } from '../src/fairness.ts';
import type { FrameSource } from '../src/fairness.ts';
import { OutboundQueue } from '../src/outbound.ts';
import { Redial } from '../src/redial.ts';
import { seededRandom } from '../src/random.ts';
import { ScoreBoard } from '../src/score.ts';

const KiB = 1024;

describe('a queue to a peer', () => {
  const limits = { queued_bytes_max: 400 * KiB, queued_frames_max: 10 };

  it('never holds more than its limits, and counts what it holds', () => {
    const sizes = fc.constantFrom(1, 100, 63 * KiB, 64 * KiB, 130 * KiB);
    const acts = fc.array(fc.oneof(sizes, fc.constant('take' as const)), { maxLength: 60 });
    fc.assert(
      fc.property(acts, (list) => {
        const total = { bytes: 0 };
        const queue = new OutboundQueue(limits, total);
        for (const act of list) {
          if (act === 'take') queue.take(100 * KiB);
          else queue.push(new Uint8Array(act));
          expect(queue.bytes).toBeLessThanOrEqual(limits.queued_bytes_max);
          expect(queue.frames).toBeLessThanOrEqual(limits.queued_frames_max);
          expect(total.bytes).toBe(queue.bytes);
        }
        const rest = queue.take(Number.POSITIVE_INFINITY);
        expect(rest.reduce((sum, frame) => sum + frame.byteLength, 0)).toBeLessThanOrEqual(
          limits.queued_bytes_max,
        );
        expect(queue.bytes).toBe(0);
        expect(queue.frames).toBe(0);
      }),
    );
  });

  it('drops the newest big frame for a small one, and keeps the order of the others', () => {
    const queue = new OutboundQueue(limits);
    const frames = [100, 150, 140].map((size) => new Uint8Array(size * KiB));
    for (const frame of frames) expect(queue.push(frame)).toBe(true);
    expect(queue.push(new Uint8Array(64 * KiB))).toBe(false);
    const vote = new Uint8Array(20 * KiB);
    expect(queue.push(vote)).toBe(true);
    expect(queue.dropped).toBe(1);
    expect(queue.take(Number.POSITIVE_INFINITY)).toEqual([frames[0], frames[1], vote]);
  });
});

describe('a token bucket', () => {
  it('lets through what it may in any time, and a rest of two seconds at once', () => {
    const steps = fc.array(fc.record({ units: fc.nat(500), wait_ms: fc.nat(300) }));
    fc.assert(
      fc.property(steps, (list) => {
        const bucket = new TokenBucket(1_000, 0);
        let now_ms = 0;
        let taken = 0;
        for (const { units, wait_ms } of list) {
          now_ms += wait_ms + bucket.take(units, now_ms);
          taken += units;
          expect(taken).toBeLessThanOrEqual(2_000 + now_ms + 500);
        }
      }),
    );
  });
});

describe('delivery', () => {
  class Source implements FrameSource {
    readonly #size: number;
    count: number;
    delivered = 0;
    constructor(size: number, count: number) {
      this.#size = size;
      this.count = count;
    }
    nextBytes(): number | undefined {
      return this.count === 0 ? undefined : this.#size;
    }
    deliver(): void {
      this.count--;
      this.delivered += this.#size;
    }
  }

  it('gives a flooder no more than its share while others wait', () => {
    const turns: (() => void)[] = [];
    const delivery = new FairDelivery((turn) => turns.push(turn));
    const flooder = new Source(1024 * KiB, 1_000);
    const honest = [new Source(8 * KiB, 1_000), new Source(300, 30_000)];
    for (const source of [flooder, ...honest]) delivery.ready(source);
    while (honest.every((source) => source.count > 0)) turns.shift()?.();
    const worst = Math.min(...honest.map((source) => source.delivered));
    expect(flooder.delivered).toBeLessThan(worst * 3 + 2 * 1024 * KiB);
    expect(flooder.delivered).toBeGreaterThan(0);
  });

  it('ends when nothing waits, and comes back', () => {
    const turns: (() => void)[] = [];
    const delivery = new FairDelivery((turn) => turns.push(turn));
    const source = new Source(100, 5);
    delivery.ready(source);
    turns.shift()?.();
    expect([source.count, turns.length]).toEqual([0, 0]);
    source.count = 1;
    delivery.ready(source);
    turns.shift()?.();
    expect(source.count).toBe(0);
  });
});

describe('scores', () => {
  const board = () => new ScoreBoard({ ban_ms: 1_000, forgetting_ms: 10_000, peers_max: 3 });

  it('ban a follower at a hundred, for a time that doubles', () => {
    const scores = board();
    const until = (now_ms: number) => {
      while (!scores.offence('eve', 'misbehaviour', false, now_ms));
      return scores.bannedUntil('eve', false, now_ms);
    };
    expect(until(0)).toBe(1_000);
    expect(scores.bannedUntil('eve', false, 1_000)).toBeUndefined();
    expect(until(5_000)).toBe(7_000);
    expect(until(10_000)).toBe(14_000);
  });

  it('come back with time', () => {
    const scores = board();
    scores.offence('eve', 'misbehaviour', false, 0);
    expect(scores.score('eve', 0)).toBe(-50);
    expect(scores.score('eve', 10_000)).toBe(-25);
    expect(scores.score('eve', 100_000)).toBe(0);
    expect(scores.score('ana', 0)).toBe(0);
  });

  it('slow a validator down, and never ban it', () => {
    const scores = board();
    for (let time = 0; time < 50; time++) {
      expect(scores.offence('val', 'misbehaviour', true, time)).toBe(false);
    }
    expect(scores.bannedUntil('val', true, 50)).toBeUndefined();
    expect(scores.share('val', 50)).toBeLessThan(1);
    expect(scores.share('val', 30_000)).toBe(1);
  });

  it('are remembered of so many peers only', () => {
    const scores = board();
    for (const peer of ['a', 'b', 'c', 'd']) scores.offence(peer, 'malformed', false, 0);
    expect([...scores.peers()]).toEqual(['b', 'c', 'd']);
  });
});

describe('dialling again', () => {
  it('waits longer each time, spread by chance, and never longer than the longest wait', async () => {
    let attempts = 0;
    let wanted = true;
    const redial = new Redial({
      attempt: () => {
        attempts++;
        wanted = attempts < 4;
        return Promise.reject(new Error('nobody there'));
      },
      isWanted: () => wanted,
      backoff_ms_max: () => 4,
      random: seededRandom(7),
    });
    const waits: number[] = [redial.backoff_ms];
    redial.wake();
    await expect.poll(() => attempts).toBe(4);
    waits.push(redial.backoff_ms);
    redial.stop();
    expect(waits[0]).toBe(0);
    expect(waits[1]).toBeGreaterThanOrEqual(3);
    expect(waits[1]).toBeLessThanOrEqual(4);
  });
});
