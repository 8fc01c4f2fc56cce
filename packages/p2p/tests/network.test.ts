import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultLimits } from '../src/index.ts';
import type { OwnPeerNetwork } from '../src/index.ts';
import { FaultMesh, seededRandom, startFaultProxy } from '../src/testing/index.ts';
import { at, heardBy, noise, peer } from './peers.ts';

/** Short waits: what is tried here is that they end. */
const quick = { ping_ms: 50, silence_ms: 400, dial_ms: 400 };

const meet = (...networks: readonly OwnPeerNetwork[]) =>
  expect
    .poll(() => networks.map((network) => network.connected().length))
    .toEqual(networks.map(() => networks.length - 1));

describe('peers', () => {
  it('that dial each other at once keep one connection', async () => {
    const ana = await peer('ana');
    const beto = await peer('beto');
    ana.addPeer(at(beto));
    beto.addPeer(at(ana));
    await meet(ana, beto);
    const heard = heardBy(ana);
    await expect
      .poll(() => {
        beto.send(ana.publicKey, Uint8Array.of(1));
        return heard.length;
      })
      .toBeGreaterThan(3);
    expect([ana.connected().length, beto.connected().length]).toEqual([1, 1]);
  });

  it('come back when their connection is reset, and when a peer starts again elsewhere', async () => {
    const ana = await peer('ana');
    const proxy = await startFaultProxy({ target: ana.address });
    onTestFinished(() => proxy.close());
    const beto = await peer('beto', {
      peers: [{ publicKey: ana.publicKey, address: proxy.address }],
      random: seededRandom(3),
    });
    await meet(ana, beto);
    proxy.drop();
    await expect.poll(() => beto.connected().length).toBe(0);
    await meet(ana, beto);

    await ana.close();
    await expect.poll(() => beto.connected().length).toBe(0);
    const again = await peer('ana');
    beto.addPeer(at(again));
    await meet(again, beto);
  });

  it('notice that nothing comes any more, and come back when it does', async () => {
    const ana = await peer('ana', { limits: quick });
    const beto = await peer('beto', { limits: quick });
    const mesh = new FaultMesh(5);
    onTestFinished(() => mesh.close());
    await mesh.add({ name: 'ana', address: ana.address });
    await mesh.add({ name: 'beto', address: beto.address });
    ana.addPeer({ publicKey: beto.publicKey, address: mesh.addressFor('ana', 'beto') ?? '' });
    beto.addPeer({ publicKey: ana.publicKey, address: mesh.addressFor('beto', 'ana') ?? '' });
    await meet(ana, beto);
    mesh.partition(['ana']);
    await expect.poll(() => [ana.connected(), beto.connected()].flat()).toEqual([]);
    mesh.heal();
    await meet(ana, beto);
    mesh.cutOneWay('ana', 'beto');
    await expect.poll(() => beto.connected()).toEqual([]);
    mesh.heal();
    await meet(ana, beto);
  });

  it('that were removed are parted from, and not dialled again', async () => {
    const ana = await peer('ana');
    const beto = await peer('beto', { peers: [at(ana)] });
    await meet(ana, beto);
    beto.removePeer(ana.publicKey);
    await expect.poll(() => [ana.connected(), beto.connected()].flat()).toEqual([]);
    expect(beto.peers()).toEqual([]);
  });

  it('find each other through one they know, and only validators are dialled', async () => {
    const hub = await peer('hub');
    const others = await Promise.all(
      ['v1', 'v2', 'follower'].map((name) => peer(name, { peers: [at(hub)] })),
    );
    const [first, second, follower] = others;
    if (first === undefined || second === undefined || follower === undefined) return;
    const validators = [hub, first, second].map(({ publicKey }) => publicKey);
    for (const network of [hub, ...others]) network.setValidators(validators);
    await expect.poll(() => first.connected()).toContain(second.publicKey);
    await expect.poll(() => follower.connected().length).toBe(3);
    expect(
      hub
        .peers()
        .map(({ role }) => role)
        .toSorted(),
    ).toEqual(['follower', 'validator', 'validator']);
  });

  it('do not look for others where they were told not to', async () => {
    const hub = await peer('hub');
    const first = await peer('v1', { peers: [at(hub)], discover: false });
    const second = await peer('v2', { peers: [at(hub)], discover: false });
    const validators = [hub, first, second].map(({ publicKey }) => publicKey);
    for (const network of [hub, first, second]) network.setValidators(validators);
    await expect.poll(() => hub.connected().length).toBe(2);
    first.announce(Uint8Array.of(1));
    expect(first.connected()).toEqual([hub.publicKey]);
  });
});

describe('announcements', () => {
  it('reach those who are not connected, once, and garbage is not passed on', async () => {
    const hub = await peer('hub', { mayAnnounce: (frame) => frame[0] !== 0xff });
    const ana = await peer('ana', { peers: [at(hub)], discover: false });
    const beto = await peer('beto', { peers: [at(hub)], discover: false });
    const heard = heardBy(beto);
    const atHub = heardBy(hub);
    await expect.poll(() => hub.connected().length).toBe(2);
    let count = 0;
    // The mesh of gossip forms within a heartbeat of a second.
    await expect
      .poll(() => {
        ana.announce(Uint8Array.of(0xff, count));
        ana.announce(Uint8Array.of(1, count++));
        return heard.length;
      })
      .toBeGreaterThan(2);
    expect(new Set(heard.map(({ from, via }) => `${via} ${from}`))).toEqual(
      new Set([`gossip ${hub.publicKey}`]),
    );
    const texts = heard.map(({ frame }) => Buffer.from(frame).toString('hex'));
    expect(new Set(texts).size).toBe(texts.length);
    expect([...heard, ...atHub].filter(({ frame }) => frame[0] === 0xff)).toEqual([]);
    expect(hub.peers().map(({ score }) => score)).toEqual([0, 0]);
    expect(() => ana.announce(new Uint8Array(65_537))).toThrow(/at most/);
  });
});

describe('a peer that does harm', () => {
  it('is banned as a follower, and comes back when the ban is over', async () => {
    let now_ms = 1_000_000;
    const ana = await peer('ana', { now_ms: () => now_ms });
    const eve = await peer('eve', { peers: [at(ana)] });
    ana.setValidators([]);
    await meet(ana, eve);
    ana.report(eve.publicKey, 'misbehaviour');
    expect(ana.connected()).toEqual([eve.publicKey]);
    ana.report(eve.publicKey, 'misbehaviour');
    await expect.poll(() => eve.connected()).toEqual([]);
    expect(ana.peers()[0]?.bannedUntil_ms).toBe(now_ms + defaultLimits.ban_ms);
    expect(ana.send(eve.publicKey, Uint8Array.of(1))).toBe(false);
    now_ms += defaultLimits.ban_ms;
    await meet(ana, eve);
  });

  it('is slowed down as a validator, and never parted from', async () => {
    let now_ms = 1_000_000;
    const ana = await peer('ana', { now_ms: () => now_ms });
    const val = await peer('val', { peers: [at(ana)] });
    ana.setValidators([val.publicKey]);
    await meet(ana, val);
    for (let time = 0; time < 100; time++) ana.report(val.publicKey, 'badSignature');
    const heard = heardBy(ana);
    expect(val.send(ana.publicKey, Uint8Array.of(1))).toBe(true);
    await expect.poll(() => heard.length).toBe(1);
    expect(ana.peers()[0]).toMatchObject({ connected: true, score: -200 });
    now_ms += 600_000;
    expect(ana.peers()[0]?.score).toBe(0);
  });

  it('and sends more than it may is read slowly, while others are heard', async () => {
    const follower = {
      ...defaultLimits.follower,
      inbound_bytes_per_s: 200_000,
      unread_bytes_max: 300_000,
      queued_bytes_max: 2_000_000,
    };
    const limits = { ...quick, silence_ms: 60_000, follower };
    const ana = await peer('ana', { limits });
    const eve = await peer('eve', { peers: [at(ana)], limits: { ...limits, validator: follower } });
    const val = await peer('val', { peers: [at(ana)], limits });
    ana.setValidators([val.publicKey]);
    await expect
      .poll(() => [ana, eve, val].map((network) => network.connected().length))
      .toEqual([2, 1, 1]);
    const heard = heardBy(ana);
    // What eve may keep waiting and what is under way is bounded: at last she is refused.
    const began_ms = performance.now();
    let sent_bytes = 0;
    await expect
      .poll(() => {
        while (eve.send(ana.publicKey, noise(50_000, sent_bytes))) sent_bytes += 50_000;
        return eve.peers()[0]?.queued_bytes ?? 0;
      })
      .toBeGreaterThan(1_900_000);
    expect(val.send(ana.publicKey, Uint8Array.of(7))).toBe(true);
    await expect.poll(() => heard.some(({ from }) => from === val.publicKey)).toBe(true);
    // Twice the rate comes at once, and then the rate, however busy the machine is.
    const fromEve = heard.filter(({ from }) => from === eve.publicKey);
    const heard_bytes = fromEve.reduce((sum, { frame }) => sum + frame.byteLength, 0);
    const passed_s = (performance.now() - began_ms) / 1_000;
    expect(heard_bytes).toBeLessThanOrEqual(200_000 * (2 + passed_s) + 50_000);
    expect(ana.peers().find(({ publicKey }) => publicKey === eve.publicKey)?.score).toBe(0);
    expect(eve.peers()[0]?.queued_bytes).toBeLessThanOrEqual(2_000_000);
  });
});

describe('a fault proxy', () => {
  it('brings bytes late, slowly and whole', async () => {
    const ana = await peer('ana');
    const proxy = await startFaultProxy({
      target: ana.address,
      seed: 9,
      faults: { delay_ms: 5, jitter_ms: 20, bytes_per_s: 2_000_000 },
    });
    onTestFinished(() => proxy.close());
    const beto = await peer('beto', {
      peers: [{ publicKey: ana.publicKey, address: proxy.address }],
    });
    ana.setValidators([beto.publicKey]);
    await meet(ana, beto);
    const heard = heardBy(ana);
    const frames = Array.from({ length: 20 }, (_, index) => noise(10_000, index));
    for (const frame of frames) beto.send(ana.publicKey, frame);
    await expect.poll(() => heard.length).toBe(20);
    expect(heard.map(({ frame }) => Buffer.from(frame))).toEqual(frames.map((f) => Buffer.from(f)));
    expect(proxy.passed_bytes).toBeGreaterThan(200_000);
    await expect.poll(() => beto.peers()[0]?.rtt_ms ?? 0).toBeGreaterThan(10);
  });
});
