import { EVIDENCE_MAX, type Ref } from './block.ts';
import type { EpochRun } from './epochRun.ts';
import { REACH_ROUNDS, WEAK_ROUNDS_MAX } from './order.ts';

/** Room in a block for proofs, beside its entries. */
const EVIDENCE_BYTES = 1 << 16;
const REF_BYTES = 38;

/**
 * What a block of a round builds on: the first block of every author of the round before, the own one first;
 * then the own last block, where it is older, and blocks that nothing builds on yet. Nothing of those who are
 * proved to equivocate, where a quorum is there without them: of their many blocks each node has others, and
 * would have to ask for what it has not.
 */
export function refsFor(
  { dag, sequencer, equivocators }: EpochRun,
  author: number,
  round: number,
  own: Ref | undefined,
): { readonly parents: readonly Ref[]; readonly weakParents: readonly Ref[] } {
  const isOwn = (ref: Ref): number => Number(ref.author === author);
  const isTrusted = (ref: Ref): boolean => ref.author === author || !equivocators.has(ref.author);
  const all = [...dag.firstIn(round - 1)]
    .map(({ ref }) => ref)
    .toSorted((a, b) => isOwn(b) - isOwn(a) || a.author - b.author);
  const trusted = all.filter(isTrusted);
  const parents = trusted.length >= dag.committee.quorum ? trusted : all;
  // What is about to be out of reach is left out: others may have forgotten it.
  const from = Math.max(1, sequencer.leaderRound - REACH_ROUNDS + 2, round - WEAK_ROUNDS_MAX);
  const isOld = own !== undefined && own.round < round - 1 && own.round >= from && dag.has(own);
  const tips = [...dag.tipsBelow(round - 1)]
    .filter((ref) => ref.round >= from && ref.author !== author && isTrusted(ref))
    .toSorted((a, b) => a.round - b.round);
  const oldest = Map.groupBy(tips, (ref) => ref.author).values();
  const others = [...oldest].flatMap(([first]) => first ?? []);
  return { parents, weakParents: isOld ? [own, ...others] : others };
}

/** Bytes of a block that its entries cannot have. */
export const roomTaken = (parents: readonly Ref[], weakParents: readonly Ref[]): number =>
  128 + REF_BYTES * (parents.length + weakParents.length) + EVIDENCE_BYTES;

/** Proofs for the next block, as many as have room. */
export function evidenceFor({ evidence }: EpochRun): readonly Uint8Array[] {
  let size = 0;
  return [...evidence.values()]
    .slice(0, EVIDENCE_MAX)
    .filter((proof) => (size += 4 + proof.length) <= EVIDENCE_BYTES);
}
