import tls from 'node:tls';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Connection, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { tls as plainTls } from '@libp2p/tls';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FRAME_KINDS } from '../src/frames.ts';
import type { RawFrame } from '../src/frames.ts';
import { FrameStream } from '../src/frameStream.ts';
import { encodeGreeting } from '../src/hello.ts';
import type { Greeting } from '../src/hello.ts';
import { hybridTls } from '../src/tls.ts';
import type { Channels } from '../src/tls.ts';
import { at, CHAIN, heardBy, noise, peer, seedOf } from './peers.ts';

const plainEncrypter = plainTls();
const PROTOCOL = '/q/frames/1';

/** A libp2p host of somebody who does as he likes. */
async function stranger(encrypter?: typeof plainEncrypter) {
  const channels: Channels = new WeakMap();
  const node = await createLibp2p({
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: encrypter === undefined ? [hybridTls(channels)] : [encrypter],
    streamMuxers: [yamux()],
  });
  onTestFinished(() => node.stop());
  const address = node.getMultiaddrs()[0]?.toString() ?? '';
  return {
    node,
    address,
    channels,
    /** Connects, and opens the stream for frames. */
    dial: async (to: string) => {
      const connection = await node.dial(multiaddr(to), { force: true });
      const stream = await connection.newStream([PROTOCOL]);
      return { connection, frames: new FrameStream(stream, 1_000_000) };
    },
    /** The next stream that somebody opens here. */
    nextStream: () => {
      const next = Promise.withResolvers<{ frames: FrameStream; connection: Connection }>();
      const onStream = (stream: Stream, connection: Connection) =>
        next.resolve({ frames: new FrameStream(stream, 1_000_000), connection });
      return node.handle(PROTOCOL, onStream).then(() => next.promise);
    },
  };
}

const refusalOf = async (frames: FrameStream): Promise<string> => {
  for (;;) {
    const frame: RawFrame = await frames.next();
    if (frame.kind === FRAME_KINDS.refusal) return Buffer.from(frame.body).toString();
  }
};

const keyOf = (publicKey: string) => new Uint8Array(Buffer.from(publicKey, 'hex'));
const greetingOf = (publicKey: string, changed: Partial<Greeting> = {}): Uint8Array =>
  encodeGreeting({
    version: 1,
    chainId: new Uint8Array(Buffer.from(CHAIN, 'hex')),
    publicKey: keyOf(publicKey),
    nonce: noise(32, 5),
    ...changed,
  });

describe('a connection', () => {
  it('agrees on its key by X25519MLKEM768, and both ends know the same secret of it', async () => {
    const ana = await stranger();
    const beto = await stranger();
    const connection = await ana.node.dial(multiaddr(beto.address));
    await expect.poll(() => beto.node.getConnections().length).toBe(1);
    const [accepted] = beto.node.getConnections();
    const channel = ana.channels.get(connection.timeline);
    expect(connection.encryption).toBe('/tls/1.0.0');
    expect(channel?.group).toBe('X25519MLKEM768');
    expect(channel?.binding).toHaveLength(32);
    expect(channel?.binding).toEqual(
      ana && accepted && beto.channels.get(accepted.timeline)?.binding,
    );
  });

  it('is made with libp2p as it is, and refused where that offers no post-quantum key agreement', async () => {
    const ana = await peer('ana');
    const classical = await stranger(plainTls());
    const connection = await classical.node.dial(multiaddr(ana.address));
    expect(connection.status).toBe('open');
    await connection.close();

    const before = tls.DEFAULT_ECDH_CURVE;
    onTestFinished(() => {
      tls.DEFAULT_ECDH_CURVE = before;
    });
    tls.DEFAULT_ECDH_CURVE = 'X25519';
    const other = await stranger(plainTls());
    await expect(other.node.dial(multiaddr(ana.address))).rejects.toThrow();
    const beto = await stranger();
    await expect(beto.node.dial(multiaddr(other.address))).rejects.toThrow();
  });

  it('carries frames of any size both ways, in their order', async () => {
    const ana = await peer('ana');
    const beto = await peer('beto', { peers: [at(ana)] });
    ana.setValidators([beto.publicKey]);
    const atAna = heardBy(ana);
    const atBeto = heardBy(beto);
    await expect
      .poll(() => [ana.connected(), beto.connected()])
      .toEqual([[beto.publicKey], [ana.publicKey]]);
    const sizes = [0, 1, 1_023, 1_024, 40_000, 65_536, 4 * 1024 * 1024 + 1_000, 7];
    const frames = sizes.map((size, index) =>
      index % 2 === 0 ? noise(size) : new Uint8Array(size),
    );
    for (const frame of frames) {
      expect(beto.send(ana.publicKey, frame)).toBe(true);
      expect(ana.send(beto.publicKey, frame)).toBe(true);
    }
    const bytes = (heard: readonly { frame: Uint8Array }[]) =>
      heard.map(({ frame }) => frame.byteLength);
    await expect.poll(() => bytes(atAna)).toEqual(sizes);
    await expect.poll(() => bytes(atBeto)).toEqual(sizes);
    expect(
      atAna.every(({ frame }, index) => Buffer.compare(frame, frames[index] ?? frame) === 0),
    ).toBe(true);
    expect(new Set(atAna.map(({ from, via }) => `${from} ${via}`))).toEqual(
      new Set([`${beto.publicKey} stream`]),
    );
    expect(() => beto.send(ana.publicKey, new Uint8Array(5_000_000))).toThrow(/at most/);
    expect(beto.send('ff', new Uint8Array(1))).toBe(false);
  });
});

describe('a hello', () => {
  it('of another chain is refused', async () => {
    const ana = await peer('ana');
    const eve = await stranger();
    const { frames } = await eve.dial(ana.address);
    frames.send(FRAME_KINDS.greeting, greetingOf(ana.publicKey, { chainId: noise(32) }));
    expect(await refusalOf(frames)).toBe('chain');
  });

  it('of another version is refused', async () => {
    const ana = await peer('ana');
    const eve = await stranger();
    const { frames } = await eve.dial(ana.address);
    frames.send(FRAME_KINDS.greeting, greetingOf(ana.publicKey, { version: 2 }));
    expect(await refusalOf(frames)).toBe('version');
  });

  it('of another key than the one that was dialled is refused', async () => {
    const ana = await peer('ana');
    const beto = await peer('beto', { limits: { hello_ms: 3_000 } });
    const eve = await stranger();
    const dialled = eve.nextStream();
    beto.addPeer({ publicKey: ana.publicKey, address: eve.address });
    const { frames } = await dialled;
    frames.send(FRAME_KINDS.greeting, greetingOf((await peer('carla')).publicKey));
    expect(await refusalOf(frames)).toBe('key');
    expect(beto.connected()).toEqual([]);
  });

  it('that somebody else made before is refused: a recorded one, and one passed on as it is made', async () => {
    const ana = await peer('ana');
    const beto = await peer('beto');
    const eve = await stranger();
    const dialled = eve.nextStream();
    // Beto means to dial ana, and reaches eve.
    beto.addPeer({ publicKey: ana.publicKey, address: eve.address });
    const fromBeto = (await dialled).frames;
    const toAna = (await eve.dial(ana.address)).frames;
    const greeting = await fromBeto.next();
    toAna.send(greeting.kind, greeting.body);
    const answer = await toAna.next();
    fromBeto.send(answer.kind, answer.body);
    const proof = await fromBeto.next();
    expect([greeting.kind, answer.kind, proof.kind]).toEqual([
      FRAME_KINDS.greeting,
      FRAME_KINDS.greeting,
      FRAME_KINDS.proof,
    ]);
    toAna.send(proof.kind, proof.body);
    expect(await refusalOf(toAna)).toBe('signature');

    const again = (await eve.dial(ana.address)).frames;
    again.send(greeting.kind, greeting.body);
    again.send(proof.kind, proof.body);
    expect(await refusalOf(again)).toBe('signature');
    expect(ana.connected()).toEqual([]);
    expect(ana.peers()).toEqual([]);
  });

  it('that does not come in time ends the connection', async () => {
    const ana = await peer('ana', { limits: { hello_ms: 200 } });
    const eve = await stranger();
    const connection = await eve.node.dial(multiaddr(ana.address));
    await expect.poll(() => connection.status).not.toBe('open');
  });

  it.each([
    ['frames', FRAME_KINDS.plain, 10],
    ['more than a hello is long', FRAME_KINDS.plain, 600_000],
    ['a proof first', FRAME_KINDS.proof, 3_309],
  ] as const)('that begins with %s is refused', async (_, kind, size) => {
    const ana = await peer('ana');
    const eve = await stranger();
    const { frames, connection } = await eve.dial(ana.address);
    frames.send(kind, noise(size));
    await expect.poll(() => connection.status).not.toBe('open');
    expect(ana.connected()).toEqual([]);
  });

  it('beyond the connections of one address is not listened to', async () => {
    const ana = await peer('ana', { limits: { connections_per_address_max: 2, hello_ms: 60_000 } });
    const eve = await stranger();
    const dial = () => eve.node.dial(multiaddr(ana.address), { force: true });
    const open = [await dial(), await dial()];
    await expect(dial()).rejects.toThrow();
    expect(open.map(({ status }) => status)).toEqual(['open', 'open']);
  });
});

describe('starting a network', () => {
  it.each([
    ['seed', { seed: seedOf('x').subarray(1) }],
    ['chain id', { chainId: 'c4' }],
    ['address', { listen: '127.0.0.1' }],
    ['peer', { peers: [{ publicKey: 'ab', address: '127.0.0.1:1' }] }],
  ])('is refused with a %s that is none', async (_, options) => {
    await expect(peer('ana', options)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
