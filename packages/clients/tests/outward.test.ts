import { createServer, type Server } from 'node:http';
import { QError } from '@anarq/common-schemas';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Outward, PeerLink } from '../src/outward/index.ts';

const passing = () => new QError('SERVICE_UNAVAILABLE', 'away');

describe('a call to others, with a clock that is turned by hand', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  /** Turns the clock until a promise has settled. */
  const settled = async <T>(promise: Promise<T>): Promise<T | QError> => {
    const state = { isOver: false };
    const watched = promise
      .catch((error: unknown) => error as QError)
      .finally(() => (state.isOver = true));
    while (!state.isOver) await vi.advanceTimersByTimeAsync(50);
    return watched;
  };
  const failing = vi.fn<() => Promise<never>>(async () => {
    throw passing();
  });
  beforeEach(() => {
    failing.mockClear();
  });

  it('is made three times where what failed may pass, and once where it may not', async () => {
    const outward = new Outward();
    expect(await settled(outward.guarded('a', 60_000, failing))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(failing).toHaveBeenCalledTimes(3);
    const final = vi.fn<() => Promise<never>>(async () => {
      throw new QError('INPUT_INVALID', 'never');
    });
    expect(await settled(outward.guarded('a', 60_000, final))).toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(final).toHaveBeenCalledTimes(1);
  });

  it('is spared a target after 5 failures within 60 s, for 30 s, and then proved by 3 probes', async () => {
    const outward = new Outward();
    const states = () => outward.states().map(({ breaker }) => breaker);
    await settled(outward.guarded('a', 60_000, failing));
    expect(states()).toEqual(['closed']);
    expect(await settled(outward.guarded('a', 60_000, failing))).toMatchObject({
      details: { reason: 'BREAKER_OPEN' },
    });
    expect(failing).toHaveBeenCalledTimes(5);
    expect(outward.isSpared('a')).toBe(true);
    await vi.advanceTimersByTimeAsync(29_000);
    const well = vi.fn<() => Promise<string>>(async () => 'well');
    expect(await settled(outward.guarded('a', 60_000, well))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(well).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_500);
    for (const state of ['half-open', 'half-open', 'closed']) {
      expect(await settled(outward.guarded('a', 60_000, well))).toBe('well');
      expect(states()).toEqual([state]);
    }
  });

  it('is not spared for failures that lie further apart', async () => {
    const outward = new Outward({ attempts_max: 1 });
    for (let call = 0; call < 12; call++) {
      await settled(outward.guarded('a', 60_000, failing));
      await vi.advanceTimersByTimeAsync(16_000);
    }
    expect(failing).toHaveBeenCalledTimes(12);
    expect(outward.isSpared('a')).toBe(false);
  });

  it('finds a target that was spared and is back before its time', async () => {
    const outward = new Outward({ attempts_max: 5 });
    await settled(outward.guarded('a', 60_000, failing));
    expect(outward.isSpared('a')).toBe(true);
    outward.recovered('a');
    expect(await settled(outward.guarded('a', 60_000, async () => 'back'))).toBe('back');
  });

  it('waits for its turn, and is refused where too many wait; another target is not touched', async () => {
    const outward = new Outward({ concurrent_max: 1, queue_max: 1 });
    let release = (): void => undefined;
    const slow = () =>
      new Promise<string>((resolve) => {
        release = () => resolve('slow');
      });
    const running = outward.guarded('a', 60_000, slow);
    const waiting = outward.guarded('a', 60_000, async () => 'waited');
    expect(await settled(outward.guarded('a', 60_000, async () => 'late'))).toMatchObject({
      details: { reason: 'BULKHEAD_FULL' },
    });
    expect(outward.states()).toMatchObject([{ running: 1, waiting: 1 }]);
    expect(await settled(outward.guarded('b', 60_000, async () => 'b'))).toBe('b');
    release();
    expect(await settled(Promise.all([running, waiting]))).toEqual(['slow', 'waited']);
  });
});

describe('a server that fails, hangs, breaks off, and recovers', () => {
  let server: Server;
  let url = '';
  let answers: ('hang' | 'reset' | 'well')[] = [];
  let asked = 0;
  beforeEach(async () => {
    asked = 0;
    server = createServer((request, response) => {
      asked += 1;
      const answer = answers.shift() ?? 'well';
      if (answer === 'reset') request.socket.destroy();
      if (answer === 'well') response.end('well');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const ask = (link: PeerLink, within_ms: number, attempt_ms = within_ms) =>
    link.guarded(url, within_ms, async (remaining_ms) => {
      const timeout_ms = Math.min(remaining_ms, attempt_ms);
      try {
        const { body } = await link.post({ url, headers: {}, body: new Uint8Array(), timeout_ms });
        return new TextDecoder().decode(body);
      } catch {
        throw passing();
      }
    });

  it('is asked again after it broke off and hung', async () => {
    answers = ['reset', 'hang', 'well'];
    expect(await ask(new PeerLink(), 20_000, 500)).toBe('well');
    expect(asked).toBe(3);
  });

  it('is not waited for beyond the patience of the caller', async () => {
    answers = ['hang', 'hang', 'hang', 'hang'];
    await expect(ask(new PeerLink(), 400)).rejects.toMatchObject({ retryable: true });
    expect(asked).toBeLessThan(4);
  });
});
