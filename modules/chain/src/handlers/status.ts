import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { faultModelOf, instantOf } from '../views.ts';

const REASON_CHARS_MAX = 1_024;

export const status = handler(contract.status, (_input, ctx) => {
  const chain = chainOf(ctx);
  const { publicKey } = chain.validator;
  const { chainId, epoch, round, commits, seq, stateRoot, finalized, validators, ...rest } =
    chain.validator.chain();
  const { isValidator, stopped } = rest;
  return {
    chainId,
    epoch,
    round,
    commits,
    checkpoint: seq,
    stateRoot,
    finalized: {
      checkpoint: finalized.seq,
      ...(finalized.seq === 0
        ? {}
        : { stateRoot: finalized.stateRoot, time: instantOf(finalized.time_ms) }),
    },
    validators: [...validators],
    ...(publicKey === undefined ? {} : { publicKey }),
    isValidator,
    ...(stopped === undefined ? {} : { stopped: stopped.slice(0, REASON_CHARS_MAX) }),
    faultModel: faultModelOf(chain),
  };
});
