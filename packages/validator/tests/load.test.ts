import { chainIdOf, decodeMessage, hexOf, type Message } from '@anarq/dag';
import { afterEach, describe, expect, it } from 'vitest';
import { checkInPool, type CheckSignature } from '../src/signatures.ts';
import { TestChain, until } from './testChain.ts';

let chain: TestChain;
afterEach(async () => {
  await chain.close();
});

/** Checks of signatures that a test holds up, and how often each signature was checked. */
class Gate {
  readonly checked = new Map<string, number>();
  #open = Promise.withResolvers<void>();
  readonly #isHeld: (publicKey: Uint8Array) => boolean;

  constructor(isHeld: (publicKey: Uint8Array) => boolean = () => true) {
    this.#isHeld = isHeld;
    this.#open.resolve();
  }

  shut(): void {
    this.#open = Promise.withResolvers();
  }

  open(): void {
    this.#open.resolve();
  }

  readonly check: CheckSignature = async (signed) => {
    const name = hexOf(signed.signature);
    this.checked.set(name, (this.checked.get(name) ?? 0) + 1);
    if (this.#isHeld(signed.publicKey)) await this.#open.promise;
    return checkInPool(signed);
  };
}

/** What goes to and from a node. */
function messagesOf(node: string): { readonly to: Message[]; readonly from: Message[] } {
  const heard = { to: [] as Message[], from: [] as Message[] };
  const chainId = chainIdOf(chain.genesis);
  chain.hub.onFrame = (from, frame, to) => {
    if (frame[0] !== 1 || (from !== node && to !== node)) return;
    heard[to === node ? 'to' : 'from'].push(decodeMessage(chainId, frame));
  };
  return heard;
}

const blocksIn = (messages: readonly Message[]): readonly string[] =>
  messages.flatMap((message) =>
    message.kind === 'block'
      ? [message.block.ref.digest]
      : message.kind === 'blocks'
        ? message.blocks.map(({ ref }) => ref.digest)
        : [],
  );

describe('a validator that checks more slowly than blocks come', () => {
  it('asks for none that is here, is sent none twice, and checks none twice', async () => {
    chain = new TestChain(4, 2, { round_ms_min: 100 });
    const gate = new Gate();
    await chain.open(0, { checkSignature: gate.check });
    for (const at of [1, 2, 3]) await chain.open(at);
    await until('all commit', () => chain.up.every((up) => up!.validator.chain().commits > 2));

    const heard = messagesOf(chain.keys[0]!.publicKeyHex);
    gate.shut();
    const asked = () => heard.from.filter(({ kind }) => kind === 'want').length;
    await until('it has asked thrice what it missed', () => asked() >= 9);
    const sent = blocksIn(heard.to);
    expect(sent.length).toBeGreaterThan(9);
    expect(new Set(sent).size).toBe(sent.length);
    expect(heard.from.filter(({ kind }) => kind === 'pull')).toEqual([]);

    gate.open();
    const { commits } = chain.at(1).validator.chain();
    await until('it has come up', () => chain.at(0).validator.chain().commits >= commits);
    const signatures = heard.to.flatMap((message) =>
      message.kind === 'block' ? [hexOf(message.block.signature)] : [],
    );
    expect(signatures.filter((each) => (gate.checked.get(each) ?? 0) > 1)).toEqual([]);
  });

  it('takes no more entries until it has come up, and goes on with its rounds', async () => {
    chain = new TestChain(4, 4, { orderedChecks_max: 2, checks_max: 32 });
    const validators = new Set(chain.keys.map(({ publicKeyHex }) => publicKeyHex));
    const gate = new Gate((publicKey) => !validators.has(hexOf(publicKey)));
    await chain.open(0, { checkSignature: gate.check });
    for (const at of [1, 2, 3]) await chain.open(at);
    const [ana, ben, cleo, dan] = chain.people;
    const pay = (at: number, who = ana!) =>
      chain.at(at).validator.submit(who.sign(chain.chainId, who.pay(dan!.account, 1n)));
    await pay(0);

    gate.shut();
    const ids = (await Promise.all([pay(1), pay(2, ben), pay(3, cleo)])).map(([id = '']) => id);
    const isFinal = (at: number) =>
      ids.every((id) => chain.at(at).validator.status(id)?.state === 'Finalized');
    await until('it is final at the others', () => [1, 2, 3].every(isFinal));
    await expect(pay(0, dan)).rejects.toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
    const { round, commits } = chain.at(0).validator.chain();
    await until('its rounds go on', () => chain.at(0).validator.chain().round > round + 10);
    expect(chain.at(0).validator.chain().commits - commits).toBeLessThan(10);

    gate.open();
    await until('it is final here too', () => isFinal(0));
    dan!.nonce -= 1n;
    const [id = ''] = await pay(0, dan);
    await until('it takes entries again', () => chain.at(0).validator.status(id)?.position);
  });
});
