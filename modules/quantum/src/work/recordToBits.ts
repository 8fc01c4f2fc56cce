import { BITS_MAX, CircuitError, type Circuit, type Instruction } from '@anarq/circuit';

/** Bits that a measurement record may have to be told as outcomes. */
const RECORD_MAX = 65_536;
const NAME = 'rec';

/**
 * A circuit without bits tells what it measures in its record alone, as .stim files do. This gives
 * each result a bit, in the order of the record, so that there are outcomes to count. Blocks that
 * are repeated and measure are written out.
 * @throws CircuitError LIMIT for a record of more than 65,536 results
 */
export function recordToBits(circuit: Circuit): Circuit {
  if (circuit.bits > 0) return circuit;
  const state = { bits: 0 };
  const body = [...toldBody(circuit.body, state)];
  if (state.bits === 0) return circuit;
  return {
    ...circuit,
    bits: state.bits,
    bitRegisters: [{ name: NAME, start: 0, size: state.bits }],
    body,
  };
}

function* toldBody(
  body: readonly Instruction[],
  state: { bits: number },
): Generator<Instruction, void> {
  for (const one of body) {
    if (one.kind === 'measure') {
      if (state.bits >= Math.min(RECORD_MAX, BITS_MAX))
        throw new CircuitError(
          'LIMIT',
          `The circuit measures more than the ${RECORD_MAX} results that an outcome shows.`,
        );
      yield { ...one, bit: state.bits };
      state.bits += 1;
    } else if (one.kind === 'repeat' && measures(one.body))
      for (let time = 0; time < one.times; time += 1) yield* toldBody(one.body, state);
    else yield one;
  }
}

const measures = (body: readonly Instruction[]): boolean =>
  body.some((one) => one.kind === 'measure' || (one.kind === 'repeat' && measures(one.body)));
