import { isCertified, type Verify } from './checkpoint.ts';
import { committeeDigest, type Committee } from './committee.ts';
import { nextCommittee } from './executor.ts';
import { orderDigest } from './order.ts';
import { hexOf } from './hash.ts';
import type { Snapshot } from './messages.ts';
import { stateRoot } from './state.ts';

/**
 * Why a snapshot is not to be believed by a node that knows this committee; undefined where it is: every
 * committee up to its own follows from the one before by a certificate, and what it brings is what a quorum
 * signed. Ends of epochs after which the same validators stayed may be left out, but not the last one.
 */
export function doubtIn(snapshot: Snapshot, known: Committee, verify: Verify): string | undefined {
  const { trail, certificate, executed } = snapshot;
  const { checkpoint } = certificate;
  let committee = known;
  for (const end of trail) {
    const ending = end.certificate.checkpoint;
    if (ending.epoch < known.epoch || ending.epoch >= checkpoint.epoch) continue;
    if (ending.epoch < committee.epoch || !ending.endsEpoch)
      return 'the ends of its epochs are not in their order';
    // The same validators may keep another chain too, where others follow them.
    if (hexOf(ending.chainId) !== hexOf(known.chainId)) return 'an epoch is of another chain';
    if (!isCertified(end.certificate, committee.publicKeys, verify))
      return `no quorum signed the end of epoch ${ending.epoch}`;
    if (hexOf(committeeDigest(end.nextKeys)) !== hexOf(ending.validatorsNextHash))
      return `the keys after epoch ${ending.epoch} are others than were signed`;
    committee = nextCommittee(ending, end.nextKeys);
  }
  if (checkpoint.epoch !== committee.epoch) return 'the way to its epoch is not shown';
  if (hexOf(checkpoint.chainId) !== hexOf(known.chainId)) return 'it is of another chain';
  if (!isCertified(certificate, committee.publicKeys, verify)) return 'no quorum signed it';
  const isSame =
    executed.seq === checkpoint.seq &&
    executed.commits === checkpoint.commits &&
    hexOf(executed.commitDigest) === hexOf(checkpoint.commitDigest) &&
    hexOf(stateRoot(executed.state)) === hexOf(checkpoint.stateRoot) &&
    hexOf(orderDigest(executed)) === hexOf(checkpoint.orderDigest);
  return isSame ? undefined : 'its content is not what was signed';
}

/** The committee that signed a snapshot which was found to be true by a node that knows `known`. */
export function committeeAt({ trail, certificate }: Snapshot, known: Committee): Committee {
  const { epoch } = certificate.checkpoint;
  if (epoch === known.epoch) return known;
  const end = trail.find((each) => each.certificate.checkpoint.epoch === epoch - 1);
  if (end === undefined)
    throw new RangeError('a snapshot without the ends of its epochs was let in');
  return nextCommittee(end.certificate.checkpoint, end.nextKeys);
}
