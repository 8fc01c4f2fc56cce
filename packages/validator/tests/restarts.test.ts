import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  checkpointDigest,
  type Certificate,
  type Checkpoint,
  type ExecutedCommit,
} from '@anarq/dag';
import type { Archive } from '../src/index.ts';
import { FUNDS, seedOf, TestChain, until, watchEquivocation } from './testChain.ts';

let chain: TestChain;
afterEach(async () => {
  await chain.close();
});

/** Hands in a payment at a validator, and again elsewhere, until some validator has it final. */
async function pay(at: number, amount: bigint, nodes: readonly number[]): Promise<string> {
  const [ana, ben] = [chain.people[0]!, chain.people[1]!];
  const entry = ana.sign(chain.chainId, ana.pay(ben.account, amount));
  const [id = ''] = await chain.at(at).validator.submit(entry);
  for (const each of nodes)
    await until(
      `a payment of ${amount} is final at ${each}`,
      () => chain.at(each).validator.status(id)?.state === 'Finalized',
    );
  return id;
}

const balanceAt = (at: number): bigint | undefined =>
  chain.at(at).validator.account(chain.people[1]!.account)?.balance;

describe('a validator that is killed', () => {
  it('goes on where it was, and never makes two blocks for one round', async () => {
    chain = new TestChain(4, 2, { round_ms_min: 20 });
    const twice = watchEquivocation(chain);
    await chain.start();
    let paid = 0n;
    for (const [turn, kept] of [0, 0.5, 1].entries()) {
      const victim = turn % 4;
      const others = [0, 1, 2, 3].filter((at) => at !== victim);
      await pay(others[0]!, 1n, others);
      await chain.kill(victim, kept);
      await pay(others[1]!, 1n, others);
      paid += 2n;
      await chain.open(victim);
      await until('it has caught up', () => balanceAt(victim) === FUNDS + paid);
      await pay(victim, 1n, [victim]);
      paid += 1n;
    }
    expect(twice).toEqual([]);
    const events = [0, 1, 2, 3].flatMap((at) => chain.at(at).events);
    expect(events.filter(({ kind }) => kind === 'equivocation' || kind === 'stopped')).toEqual([]);
  });

  it('with all others comes back with them, and nothing that was final is lost', async () => {
    chain = new TestChain(4, 2, { round_ms_min: 20 });
    const twice = watchEquivocation(chain);
    await chain.start();
    const id = await pay(0, 40n, [0, 1, 2, 3]);
    const before = chain.at(0).validator.certificate();
    for (const at of [0, 1, 2, 3]) await chain.kill(at);
    await chain.start();
    await until('the balance is there again', () => balanceAt(2) === FUNDS + 40n);
    await pay(1, 2n, [0, 1, 2, 3]);
    expect(balanceAt(3)).toBe(FUNDS + 42n);
    expect(twice).toEqual([]);
    expect(chain.check(before)).toMatchObject({ holds: true });
    // Carried out anew from the last beginning, so with its receipt.
    expect(chain.at(0).validator.status(id)?.state).toBe('Finalized');
  });

  it('and stays away for long begins again from a state that a quorum signed', async () => {
    chain = new TestChain(4, 2, { round_ms_min: 4, checkpoint_ms: 100 });
    await chain.start();
    await pay(0, 1n, [0, 1, 2, 3]);
    await chain.kill(3);
    const round = chain.at(0).validator.chain().round;
    await until(
      'the others are far ahead',
      () => chain.at(0).validator.chain().round > round + 120,
    );
    await pay(1, 5n, [0, 1, 2]);
    await chain.open(3);
    await until('it has the balance', () => balanceAt(3) === FUNDS + 6n);
    expect(chain.at(3).events.some(({ kind }) => kind === 'adopted')).toBe(true);
    await pay(3, 2n, [0, 3]);
    // And what it took over it has on its own disk.
    await chain.kill(3);
    await chain.open(3);
    await until('it has the balance again', () => (balanceAt(3) ?? 0n) >= FUNDS + 6n);
  });
});

describe('a validator that is closed', () => {
  it('opens where it was without asking anybody, from a short log', async () => {
    chain = new TestChain(1, 2, { segment_bytes: 100_000, round_ms_min: 5 });
    await chain.start();
    for (let turn = 0; turn < 6; turn += 1) await pay(0, 10n, [0]);
    await until('several segments', () => chain.at(0).validator.chain().round > 150);
    const { commits, stateRoot } = chain.at(0).validator.chain();
    await chain.at(0).validator.close();
    chain.up[0] = undefined;
    const folder = join(chain.folder, '0');
    await chain.open(0);
    expect(balanceAt(0)).toBe(FUNDS + 60n);
    expect(chain.at(0).validator.chain().stateRoot).toBe(stateRoot);
    expect(chain.at(0).validator.chain().commits).toBeGreaterThanOrEqual(commits);
    expect(readdirSync(folder).filter((name) => name.startsWith('log-'))).toHaveLength(1);
  });
});

describe('a disk', () => {
  it('that is full stops the validator, which says nothing more, and goes on once there is room', async () => {
    chain = new TestChain(4, 2, { round_ms_min: 20 });
    const twice = watchEquivocation(chain);
    await chain.start();
    await pay(0, 1n, [0, 1, 2, 3]);
    const { disk, validator, network, events } = chain.at(2);
    disk.room_bytes = 9_000;
    await until('it has stopped', () => validator.chain().stopped);
    expect(events.at(-1)).toMatchObject({
      kind: 'stopped',
      reason: expect.stringMatching(/ENOSPC/),
    });
    const { frames } = network.sent;
    await pay(0, 1n, [0, 1, 3]);
    expect(network.sent.frames).toBe(frames);
    await expect(validator.submit(new Uint8Array(100))).rejects.toEqual(
      expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' }),
    );
    await validator.close();
    await network.close();
    await chain.open(2);
    await until('it has caught up', () => balanceAt(2) === FUNDS + 2n);
    await pay(2, 1n, [2]);
    expect(twice).toEqual([]);
  });

  it('that lost what was safe is not trusted again', async () => {
    chain = new TestChain(1, 2, { round_ms_min: 5 });
    await chain.start();
    await pay(0, 1n, [0]);
    await chain.at(0).validator.close();
    chain.up[0] = undefined;
    const folder = join(chain.folder, '0');
    const [log = ''] = readdirSync(folder).filter((name) => name.startsWith('log-'));
    const whole = readFileSync(join(folder, log));
    const damaged = Uint8Array.from(whole);
    damaged[2_000]! ^= 1;
    const changes: [string, () => void][] = [
      ['a bit in its middle', () => writeFileSync(join(folder, log), damaged)],
      ['its end', () => writeFileSync(join(folder, log), whole.subarray(0, whole.length - 100))],
      ['the file', () => rmSync(join(folder, log))],
    ];
    for (const [, change] of changes) {
      change();
      await expect(chain.open(0)).rejects.toEqual(
        expect.objectContaining({ code: 'FOLDER_UNUSABLE' }),
      );
      writeFileSync(join(folder, log), whole);
    }
    const begin = readFileSync(join(folder, 'begin'));
    begin[200]! ^= 1;
    writeFileSync(join(folder, 'begin'), begin);
    await expect(chain.open(0)).rejects.toThrow(/begin is damaged/);
  });
});

describe('one key', () => {
  it('has one process: a second one on its folder is refused', async () => {
    chain = new TestChain(1, 1);
    await chain.start();
    const first = chain.at(0);
    await expect(chain.open(0)).rejects.toThrow(/open already/);
    chain.up[0] = first;
  });

  it('that speaks elsewhere too stops whoever learns of it', async () => {
    chain = new TestChain(4, 2, { round_ms_min: 20 });
    const twice = watchEquivocation(chain);
    await chain.start();
    await pay(0, 1n, [0, 1, 2, 3]);
    await chain.kill(3);
    // The same key on an empty folder: what it said before is forgotten, but not by the others.
    rmSync(join(chain.folder, '3'), { recursive: true });
    const { validator } = await chain.openAs(3, seedOf(2, 3), {
      settings: { listenFirst_ms: 5_000 },
    });
    await until('it has stopped', () => validator.chain().stopped);
    expect(validator.chain().stopped).toMatch(/speaks elsewhere/);
    await pay(0, 1n, [0, 1, 2]);
    expect(twice).toEqual([]);
  });
});

/** A history that keeps checkpoints with receipts, and whose file lies on a disk that may lose a certificate. */
class History implements Archive {
  readonly checkpoints = new Map<number, Checkpoint>();
  readonly certificates = new Map<number, Certificate>();
  losesCertificates = false;

  keep({ checkpoint }: ExecutedCommit): void {
    if (checkpoint !== undefined && checkpoint.receipts > 0)
      this.checkpoints.set(checkpoint.seq, checkpoint);
  }

  certified(certificate: Certificate): void {
    if (!this.losesCertificates) this.certificates.set(certificate.checkpoint.seq, certificate);
  }

  lost(): readonly Checkpoint[] {
    const latest = Math.max(0, ...this.certificates.keys());
    const { certificates } = this;
    return [...this.checkpoints.values()].filter(
      ({ seq }) => seq < latest && !certificates.has(seq),
    );
  }

  certificate(seq: number): Promise<Certificate | undefined> {
    return Promise.resolve(this.certificates.get(seq));
  }
}

describe('a certificate that a crash swallowed', () => {
  it('is had from others, long after these have forgotten it but for their histories', async () => {
    chain = new TestChain(4, 2, { round_ms_min: 20, checkpoint_ms: 40 });
    const histories = chain.keys.map(() => new History());
    for (const at of [0, 1, 2, 3]) await chain.open(at, { archive: histories[at]! });
    const [history, other] = [histories[3]!, histories[0]!];
    history.losesCertificates = true;
    await pay(0, 1n, [0, 1, 2, 3]);
    // A start goes on behind the checkpoint, whose certificate never came to the disk.
    await chain.at(3).validator.close();
    const [[seq = 0] = []] = history.checkpoints;
    expect(history.certificates.size).toBe(0);
    await until('much was certified since', () => other.certificates.has(seq + 20));
    history.losesCertificates = false;
    await chain.open(3, { archive: history });
    await until('it has the certificate', () => history.certificates.has(seq));
    const [had, theirs] = [history, other].map(({ certificates }) => certificates.get(seq)!);
    expect(checkpointDigest(had!.checkpoint)).toEqual(checkpointDigest(theirs!.checkpoint));
    expect(history.lost()).toEqual([]);
  });
});
