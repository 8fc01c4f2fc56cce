import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginningOf,
  decodeBegin,
  decodeMessage,
  encodeBegin,
  encodeMessage,
  Malformed,
  sealedBlock,
  stateRoot,
  Writer,
  type Message,
} from '../src/index.ts';
import {
  ana,
  ben,
  certificate,
  chainId,
  committee,
  digest,
  entryBytes,
  executed,
  genesis,
  keys,
  TIME_MS,
  transactionOf,
  transfer,
  validators,
} from './chain.ts';

const blockIn = (round: number) =>
  sealedBlock(
    chainId,
    {
      epoch: 0,
      round,
      author: 2,
      parents: [0, 1, 2].map((author) => ({
        round: round - 1,
        author,
        digest: 'ab'.repeat(32),
      })),
      weakParents: [],
      entries: [entryBytes(ana, transactionOf(ana, BigInt(round), transfer(ben, 5n)))],
      evidence: [],
      time_ms: TIME_MS,
    },
    digest(9),
  );
const later = {
  ...executed,
  seq: 3,
  commits: 40,
  offenders: ['cd'.repeat(16)],
  next: { round: 71, offset: 1 },
  recent: [{ leaderRound: 70, time_ms: TIME_MS, refs: [blockIn(69).ref, blockIn(70).ref] }],
};
const trail = [{ certificate, nextKeys: validators }];

const messages: readonly Message[] = [
  { kind: 'block', block: blockIn(7) },
  { kind: 'blocks', blocks: [blockIn(7), blockIn(8)] },
  { kind: 'pull', epoch: 4, refs: [blockIn(7).ref] },
  { kind: 'grounds', epoch: 4, refs: [blockIn(7).ref, blockIn(8).ref] },
  { kind: 'want', epoch: 4, fromRound: 12, fromSeq: 9, here: [[0, 3], [], [2]], isOwn: true },
  {
    kind: 'vote',
    vote: { epoch: 1, seq: 9, digest: digest(5), validator: 3, signature: digest(6) },
  },
  { kind: 'certificate', certificate },
  { kind: 'snapshot', snapshot: { trail, certificate, executed: later } },
];
const begin = { committee, executed: later, trail };

/** What reading some bytes comes to: no error but Malformed, and no memory beyond what the bytes are. */
function readsOrRefuses(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    read(bytes);
    return true;
  } catch (error) {
    return error instanceof Malformed;
  }
}

/** A value to compare, with bytes as hex: some are Buffers, and their class does not matter. */
function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shown(each)]));
}

const readMessage = (bytes: Uint8Array) => decodeMessage(chainId, bytes);

describe('a message', () => {
  it.each(messages.map((message) => [message.kind, message] as const))(
    'of kind %s comes back as it was',
    (_, message) => {
      const read = decodeMessage(chainId, encodeMessage(message));
      expect(encodeMessage(read)).toEqual(encodeMessage(message));
      if (read.kind === 'snapshot' && message.kind === 'snapshot') {
        const { executed: was } = message.snapshot;
        const { executed: is } = read.snapshot;
        expect(stateRoot(is.state)).toEqual(stateRoot(was.state));
        expect(shown({ ...is, state: 0 })).toEqual(shown({ ...was, state: 0 }));
      } else expect(shown(read)).toEqual(shown(message));
    },
  );

  it('is the same whether its bytes stand alone or in a larger buffer', () => {
    const bytes = encodeMessage(messages[0]!);
    const frame = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(5)]);
    expect(decodeMessage(chainId, frame.subarray(3, 3 + bytes.length))).toEqual(messages[0]);
  });

  it.each(messages.map((message) => [message.kind, encodeMessage(message)] as const))(
    'of kind %s is read or refused, whatever was cut, added or changed',
    (_, bytes) => {
      for (let length = 0; length < bytes.length; length += bytes.length > 4_000 ? 97 : 7)
        expect(() => readMessage(bytes.subarray(0, length))).toThrow(Malformed);
      expect(() => readMessage(Uint8Array.from([...bytes, 0]))).toThrow(Malformed);
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), {
        minLength: 1,
        maxLength: 6,
      });
      fc.assert(
        fc.property(changes, (each) => {
          const changed = Uint8Array.from(bytes);
          for (const [at, value] of each) changed[at % changed.length] = value;
          return readsOrRefuses(readMessage, changed);
        }),
        { numRuns: 250, seed: 21 },
      );
    },
  );

  it('of noise is read or refused', () => {
    const noise = fc.tuple(fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 400 }));
    for (const [kind, bytes] of fc.sample(noise, { numRuns: 1_500, seed: 22 }))
      expect(readsOrRefuses(readMessage, Uint8Array.from([1, kind, ...bytes]))).toBe(true);
  });

  it('takes no memory for what its counts only name', () => {
    const hostile = [
      new Writer().u8(1).u8(2).u32(512).done(),
      new Writer().u8(1).u8(3).u32(0).u32(64).done(),
      new Writer().u8(1).u8(7).u32(4_096).done(),
      new Writer().u8(1).u8(1).u32(0xffff_ffff).done(),
      new Writer().u8(1).u8(2).u32(0xffff_ffff).done(),
      // A state of four thousand million accounts.
      new Writer()
        .u8(1)
        .u8(7)
        .u32(0)
        .bytes(new Uint8Array())
        .u32(0)
        .u64(0n)
        .raw(digest(0))
        .u32(0xffff_ffff)
        .done(),
    ];
    for (const bytes of hostile) {
      const before = process.memoryUsage().arrayBuffers;
      expect(() => readMessage(bytes)).toThrow(Malformed);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
    }
  });

  it('of another chain has blocks of other digests', () => {
    const other = beginningOf({ ...genesis, name: 'other' }).committee.chainId;
    const read = decodeMessage(other, encodeMessage(messages[0]!));
    expect(read.kind === 'block' && read.block.ref.digest).not.toBe(blockIn(7).ref.digest);
  });
});

describe('a snapshot', () => {
  it('whose epochs end with no validators is refused before anybody thinks about it', () => {
    const message = messages.find(({ kind }) => kind === 'snapshot')!;
    if (message.kind !== 'snapshot') throw new RangeError('there is a snapshot');
    const nobody = [{ certificate, nextKeys: [] }];
    const bytes = encodeMessage({
      kind: 'snapshot',
      snapshot: { ...message.snapshot, trail: nobody },
    });
    expect(() => readMessage(bytes)).toThrow('a committee has 1 to 100 keys, not 0');
  });
});

describe('a beginning on a disk', () => {
  it('comes back as it was', () => {
    const read = decodeBegin(encodeBegin(begin));
    expect(shown(read.committee)).toEqual(shown(committee));
    expect(shown(read.trail)).toEqual(shown(trail));
    expect(stateRoot(read.executed.state)).toEqual(stateRoot(later.state));
    expect(shown({ ...read.executed, state: 0 })).toEqual(shown({ ...later, state: 0 }));
  });

  it('is read or refused, whatever was changed', () => {
    const bytes = encodeBegin(begin);
    for (let length = 0; length < bytes.length; length += 13)
      expect(() => decodeBegin(bytes.subarray(0, length))).toThrow(Malformed);
    const change = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(change, ([at, value]) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = value;
        return readsOrRefuses(decodeBegin, changed);
      }),
      { numRuns: 600, seed: 23 },
    );
  });

  it('with no validator, or too many, is refused', () => {
    const bytes = encodeBegin({ ...begin, committee: { ...committee, publicKeys: [] } });
    expect(() => decodeBegin(bytes)).toThrow(Malformed);
    const many = Array.from({ length: 101 }, (_, at) => keys.make(`many ${at}`));
    expect(() =>
      decodeBegin(encodeBegin({ ...begin, committee: { ...committee, publicKeys: many } })),
    ).toThrow(Malformed);
  });
});
