import { sealedBlock, type Block, type UnsealedBlock } from '../../block.ts';
import { voteMessage, type Certificate } from '../../checkpoint.ts';
import { leadersOf, type Committee } from '../../committee.ts';
import { bytesOfHex, hexOf } from '../../hash.ts';
import { encodeEvidence } from '../../evidence.ts';
import type { Vote } from '../../finality.ts';
import type { Message, Peer, Snapshot } from '../../messages.ts';
import { accountOf, encodeEntry, signedBytes, transactionId } from '../../transaction.ts';
import type { Transaction } from '../../transaction.ts';
import type { SimKeys } from './keys.ts';
import type { SimRandom } from './random.ts';

/**
 * Ways in which a validator may lie. `twins` are two honest nodes with one key, each of which only one half of
 * the others hears, as long as the network is cut into these halves (arXiv:2004.10617): what liars who work
 * together against a network that is slow as they please can do at most.
 */
export const STRATEGIES = [
  'equivocate',
  'splitVotes',
  'withhold',
  'badSignature',
  'lateLeader',
  'eclipse',
  'replay',
  'forge',
  'wrongVote',
  'strangeVote',
  'pushState',
  'lyingRefs',
  'phantom',
  'wrongTime',
  'noise',
  'otherChain',
  'silent',
  'twins',
  'manyFaces',
  'straggle',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** What a liar needs to know. */
export interface Liar {
  readonly strategy: Strategy;
  readonly publicKey: Uint8Array;
  readonly random: SimRandom;
  readonly keys: SimKeys;
  /** Whom `eclipse` keeps in the dark. */
  readonly victim: Peer;
  /** Entries of others that were seen, to be brought again. */
  readonly seen: Uint8Array[];
  /** Votes of others, to be handed on. */
  readonly heard: Vote[];
  /** Messages that were sent once, to be sent again. */
  readonly said: Message[];
  /** The last state that it knows to be certified. */
  known: Snapshot | undefined;
  /** Counts lies, as far as they are made here. */
  readonly lied: () => void;
}

/** The blocks that a liar makes where an honest validator makes one; the first is the one it builds on itself. */
export function blocksOf(liar: Liar, committee: Committee, block: UnsealedBlock): readonly Block[] {
  const lies = liesOf(liar, committee, block);
  if (lies === undefined) return [signed(liar, committee, block)];
  liar.lied();
  return lies.map((lie) => signed(liar, committee, lie));
}

function liesOf(
  liar: Liar,
  committee: Committee,
  block: UnsealedBlock,
): readonly UnsealedBlock[] | undefined {
  const { strategy, random } = liar;
  switch (strategy) {
    case 'equivocate':
      if (!random.chance(0.6)) return undefined;
      return [block, { ...block, entries: [], time_ms: block.time_ms + 1 }];
    case 'manyFaces':
      return committee.publicKeys.map((_, at) => ({ ...block, time_ms: block.time_ms + at }));
    case 'splitVotes': {
      const leaders = leadersOf(committee, block.round - 1);
      const without = block.parents.filter(({ author }) => !leaders.includes(author));
      const canSplit = without.length >= committee.quorum && without.length < block.parents.length;
      return canSplit ? [block, { ...block, parents: without }] : undefined;
    }
    case 'forge': {
      const evidence = [...block.evidence, framed(committee, block)];
      return [{ ...block, entries: forged(liar, committee, block), evidence }];
    }
    case 'lyingRefs':
      return random.chance(0.6) ? [lyingRefs(random, committee, block)] : undefined;
    case 'phantom':
      return [block, ...Array.from({ length: PHANTOMS }, () => phantom(random, block))];
    case 'wrongTime': {
      const time_ms = random.pick([0, 1, block.time_ms + 1e12, block.time_ms - 1e12, 8.64e15]);
      return [{ ...block, time_ms }];
    }
    default:
      return undefined;
  }
}

const STATES_MAX = 20;

/** So late a straggler's blocks are at most. */
const LATE_MS = 5_000;

/** Blocks that nobody can take, sent with each one that everybody can. */
const PHANTOMS = 6;

/** One parent under the names of a quorum, or an older block under the round of a younger one. */
function lyingRefs(random: SimRandom, committee: Committee, block: UnsealedBlock): UnsealedBlock {
  const truth = random.pick(block.parents);
  if (random.chance(0.3))
    return { ...block, weakParents: [{ ...truth, round: Math.max(0, truth.round - 30) }] };
  const parents = Array.from({ length: committee.quorum }, (_, author) => ({ ...truth, author }));
  return { ...block, parents, weakParents: [] };
}

/** A block of a round to come that builds on what nobody ever made. */
function phantom(random: SimRandom, block: UnsealedBlock): UnsealedBlock {
  const digest = () => Array.from({ length: 64 }, () => random.below(16).toString(16)).join('');
  const round = block.round + random.below(20);
  const parents = block.parents.map(({ author }) => ({
    round: round - 1,
    author,
    digest: digest(),
  }));
  return { ...block, round, parents, weakParents: [], entries: [] };
}

function signed(liar: Liar, committee: Committee, block: UnsealedBlock): Block {
  const { keys, publicKey, strategy, random, lied } = liar;
  const isElsewhere = strategy === 'otherChain' && random.chance(0.3);
  const isBad = strategy === 'badSignature' && random.chance(0.5);
  if (isElsewhere || isBad) lied();
  const chainId = isElsewhere ? new Uint8Array(32).fill(7) : committee.chainId;
  const unsigned = sealedBlock(chainId, block, new Uint8Array());
  const message = bytesOfHex(unsigned.ref.digest);
  return { ...unsigned, signature: isBad ? new Uint8Array(32) : keys.sign(publicKey, message) };
}

/** Two blocks of another validator for one round, signed by nobody: a proof against it, if no signature were checked. */
function framed(committee: Committee, block: UnsealedBlock): Uint8Array {
  const author = committee.publicKeys.length - 1;
  const blocks = [0, 1].map((at) =>
    sealedBlock(
      committee.chainId,
      { ...block, author, entries: [], evidence: [], time_ms: block.time_ms + at },
      new Uint8Array(32),
    ),
  );
  return encodeEvidence(blocks[0]!, blocks[1]!);
}

/** Entries that nobody may make, among those that were handed in. */
function forged(
  { random, seen, publicKey, keys }: Liar,
  { chainId }: Committee,
  { entries, time_ms }: UnsealedBlock,
): readonly Uint8Array[] {
  const account = accountOf(publicKey);
  const lies: Uint8Array[] = [];
  if (seen.length > 0) lies.push(random.pick(seen));
  const base = { fee: 1n, notAfter_ms: Math.round(time_ms) + 60_000 };
  const mint: Transaction = {
    ...base,
    account,
    nonce: BigInt(1 + random.below(64)),
    action: { kind: 'mint', to: account, amount: 1_000_000n },
  };
  const register: Transaction = { ...mint, action: { kind: 'register', publicKey } };
  for (const transaction of [mint, register]) {
    const message = signedBytes(chainId, account, [transactionId(chainId, transaction)]);
    lies.push(encodeEntry([transaction], keys.sign(publicKey, message)));
  }
  const victim = seen.length > 0 ? hexOf(random.pick(seen).subarray(0, 32)) : account;
  const theft: Transaction = {
    ...base,
    account: victim,
    nonce: BigInt(1 + random.below(200)),
    action: { kind: 'transfer', to: account, amount: 1_000n, memo: new Uint8Array() },
  };
  const message = signedBytes(chainId, victim, [transactionId(chainId, theft)]);
  lies.push(encodeEntry([theft], keys.sign(publicKey, message)));
  lies.push(Uint8Array.from({ length: random.below(200) }, () => random.below(256)));
  return [...entries, ...lies];
}

/** What a liar sends to one peer, and how much later, where an honest validator sends a message. */
export function saidTo(
  liar: Liar,
  to: Peer,
  message: Message,
  committee: Committee,
): readonly { readonly message: Message; readonly late_ms: number }[] {
  const { strategy, random, victim, said } = liar;
  const now = (each: Message) => ({ message: each, late_ms: 0 });
  switch (strategy) {
    case 'silent':
      liar.lied();
      return [];
    case 'withhold':
      if (message.kind !== 'block' || !random.chance(0.6)) return [now(message)];
      liar.lied();
      return [];
    case 'eclipse':
      liar.lied();
      return to === victim ? [] : [now(message)];
    case 'lateLeader': {
      const leads =
        message.kind === 'block' &&
        leadersOf(committee, message.block.round).includes(message.block.author);
      if (leads) liar.lied();
      return [{ message, late_ms: leads ? random.between(300, 1_500) : 0 }];
    }
    case 'pushState': {
      // A true one, new or old, that nobody asked for.
      const { known } = liar;
      if (known === undefined || !random.chance(0.3)) return [now(message)];
      if (said.length < STATES_MAX) said.push({ kind: 'snapshot', snapshot: known });
      liar.lied();
      const old = random.pick(said);
      return [now(message), now(random.chance(0.5) ? old : { kind: 'snapshot', snapshot: known })];
    }
    case 'straggle': {
      // To each at another time, so that what one still has in reach another forgot.
      const isBlock = message.kind === 'block' || message.kind === 'blocks';
      if (isBlock) liar.lied();
      return [{ message, late_ms: isBlock ? random.between(0, LATE_MS) : 0 }];
    }
    case 'replay': {
      if (said.length < 2_000) said.push(message);
      if (!random.chance(0.3)) return [now(message)];
      liar.lied();
      return [now(message), now(random.pick(said))];
    }
    case 'noise':
      liar.lied();
      return [now(message), now(noise(liar, message, committee))];
    case 'wrongVote': {
      if (message.kind !== 'vote') return [now(message)];
      liar.lied();
      const digest = Uint8Array.from(message.vote.digest, (byte) => byte ^ 1);
      const vote = { ...message.vote, digest };
      return [now({ kind: 'vote', vote: signedVote(liar, committee, vote) })];
    }
    case 'strangeVote': {
      if (liar.heard.length === 0) return [now(message)];
      liar.lied();
      const vote = random.pick(liar.heard);
      const seq = Math.max(1, vote.seq + random.pick([-1, 0, 1, 2, 3]));
      return [now(message), now({ kind: 'vote', vote: { ...vote, seq } })];
    }
    default:
      return [now(message)];
  }
}

const signedVote = ({ keys, publicKey }: Liar, { chainId }: Committee, vote: Vote): Vote => ({
  ...vote,
  signature: keys.sign(publicKey, voteMessage(chainId, vote)),
});

/** A question of somebody who has no block. */
const nothing = { kind: 'want', here: [], isOwn: false } as const;

/** What no honest validator says: of epochs and blocks that there are not, with votes and states of nobody. */
function noise(liar: Liar, message: Message, committee: Committee): Message {
  const { random, publicKey, known } = liar;
  const { epoch, publicKeys } = committee;
  const digest = Uint8Array.from({ length: 32 }, () => random.below(256));
  const validator = publicKeys.findIndex((key) => hexOf(key) === hexOf(publicKey));
  const voteFor = (of: number, seq: number): Message => ({
    kind: 'vote',
    vote: signedVote(liar, committee, {
      epoch: of,
      seq,
      digest,
      validator,
      signature: new Uint8Array(),
    }),
  });
  switch (random.below(6)) {
    case 0:
      return { ...nothing, epoch: epoch + random.below(3), fromRound: random.u32(), fromSeq: 0 };
    case 1: {
      const ref = () => ({ round: random.below(300), author: 0, digest: hexOf(digest) });
      return { kind: 'pull', epoch, refs: Array.from({ length: 64 }, ref) };
    }
    case 2:
      return voteFor(epoch, random.below(2_000));
    case 3:
      return voteFor(epoch + 5, 1);
    case 4:
      if (message.kind === 'certificate')
        return { kind: 'certificate', certificate: forgedCertificate(message.certificate) };
      if (known !== undefined) return { kind: 'snapshot', snapshot: forgedSnapshot(known) };
      return { ...nothing, epoch, fromRound: 0, fromSeq: 1 };
    default:
      return message.kind === 'block'
        ? { kind: 'block', block: { ...message.block, epoch: epoch + 1 } }
        : { ...nothing, epoch: 0, fromRound: 1, fromSeq: 1 };
  }
}

/** A certificate as it came, over a checkpoint with a later number. */
const forgedCertificate = ({ checkpoint, signatures }: Certificate): Certificate => ({
  checkpoint: { ...checkpoint, seq: checkpoint.seq + 2 },
  signatures,
});

/** A state as it was certified, under a number that it does not have. */
function forgedSnapshot({ trail, certificate, executed }: Snapshot): Snapshot {
  const later = forgedCertificate(certificate);
  return { trail, certificate: later, executed: { ...executed, seq: later.checkpoint.seq } };
}
