import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chainIdOf, decodeMessage, hexOf, type Genesis } from '@anarq/dag';
import { MemoryHub, Person } from '@anarq/validator/testing';
import { expect, it, onTestFinished } from 'vitest';
import type { ChainNode } from '../src/chain/chainNode.ts';
import { copyChain, markRestored } from '../src/chain/copyChain.ts';
import { genesisText } from '../src/chain/genesisFile.ts';
import { openChain } from '../src/chain/openChain.ts';
import { SETTINGS } from './world.ts';

const seedOf = (at: number): Uint8Array => new Uint8Array(32).fill(11).with(0, at);
const FUNDS = 1_000_000n;

it('a copy of a running validator comes to the same states, and says nothing under its key', async () => {
  const root = await mkdtemp(join(tmpdir(), 'q-chain-copy-'));
  const hub = new MemoryHub();
  const keys = [0, 1, 2, 3].map((at) => new Person(seedOf(at)));
  const ana = new Person(seedOf(9));
  const genesis: Genesis = {
    name: 'copied',
    time_ms: Date.now() - 1_000,
    validators: keys.map(({ publicKey }) => publicKey),
    authority: ana.account,
    treasury: ana.account,
    fee_min: 1n,
    accounts: [{ id: ana.account, publicKey: ana.publicKey, balance: FUNDS }],
  };
  const opened: ChainNode[] = [];
  onTestFinished(async () => {
    for (const node of opened) await node.close();
    await rm(root, { recursive: true, force: true });
  });
  const open = async (folder: string): Promise<ChainNode> => {
    const node = await openChain(
      {
        folder,
        settings: SETTINGS,
        network: ({ publicKey }) => Promise.resolve(hub.join(publicKey)),
      },
      // As a node does whose keys were put back too.
      { seed: () => seedOf(3), now_ms: Date.now, onError: () => undefined },
    );
    opened.push(node);
    return node;
  };
  const folders = keys.map((_, at) => join(root, String(at)));
  for (const [at, folder] of folders.entries()) {
    await mkdir(folder);
    await writeFile(join(folder, 'genesis.json'), genesisText(genesis));
    await writeFile(join(folder, 'validator.key'), `${hexOf(seedOf(at))}\n`);
    await open(folder);
  }
  const chainId = hexOf(chainIdOf(genesis));
  const pay = async (): Promise<string> => {
    const entry = ana.sign(chainId, ana.pay(keys[0]!.account, 5n));
    const [id = ''] = (await opened[0]?.validator.submit(entry)) ?? [];
    await expect
      .poll(() => opened[3]?.validator.status(id)?.state, { timeout: 50_000 })
      .toBe('Finalized');
    return id;
  };
  const before = await pay();
  const copy = join(root, 'copy');
  const names = await copyChain(folders[3] ?? '', copy);
  expect(names).toContain('genesis.json');
  expect(names.some((name) => name.startsWith('history/'))).toBe(true);
  expect(names.filter((name) => name.endsWith('.key'))).toEqual([]);
  expect((await readdir(copy)).toSorted()).toEqual(['genesis.json', 'history', 'validator']);

  // What is said from now on by whom, and which blocks of validator 3 there are of each round.
  const said = new Map<string, Set<string>>();
  const speakers = new Set<string>();
  hub.onFrame = (from, frame) => {
    if (frame[0] !== 1 || (frame[1] !== 1 && frame[1] !== 5)) return;
    speakers.add(from);
    const message = decodeMessage(chainIdOf(genesis), frame);
    if (message.kind !== 'block' || message.block.author !== 3) return;
    const { epoch, round, ref } = message.block;
    const of = said.get(`${epoch}.${round}`) ?? new Set();
    said.set(`${epoch}.${round}`, of.add(ref.digest));
  };
  await markRestored(copy);
  const restored = await open(copy);
  expect(restored.network.publicKey).not.toBe(opened[3]?.network.publicKey);
  expect(restored.validator.chain()).toMatchObject({ chainId, isValidator: false });
  expect((await restored.archive.transaction(before))?.receipt.code).toBe('OK');
  const after = await pay();
  await expect
    .poll(() => restored.validator.status(after)?.state, { timeout: 50_000 })
    .toBe('Finalized');
  const states = [restored, opened[3]].map((node) => node?.validator.chain());
  expect(states[0]?.supply).toBe(states[1]?.supply);
  expect(states[0]?.stateRoot).toBe(states[1]?.stateRoot);
  expect(states[0]?.finalized.stateRoot).toBe(states[1]?.stateRoot);
  expect(speakers).toEqual(new Set(keys.map(({ publicKeyHex }) => publicKeyHex)));
  expect([...said.values()].filter(({ size }) => size > 1)).toEqual([]);
  expect(said.size).toBeGreaterThan(0);

  // And again on the same folder: once a copy, always a copy.
  await restored.close();
  const again = await open(copy);
  expect(again.network.publicKey).toBe(restored.network.publicKey);
  expect(again.validator.chain().isValidator).toBe(false);
}, 120_000);
