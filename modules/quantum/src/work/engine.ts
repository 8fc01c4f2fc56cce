import { createHash } from 'node:crypto';
import {
  bind,
  circuitText,
  drawSvg,
  drawText,
  expandCustomGates,
  noiseModelOf,
  parseQasm,
  parseStim,
  validate,
  withNoise,
  writeQasm,
  writeStim,
  type Circuit,
} from '@anarq/circuit';
import type { Format } from '../models.ts';
import { readCircuitJson } from './circuitJson.ts';
import { formatOf } from './detect.ts';
import { Refused, type Source } from './orders.ts';

/** The version of the engines, as their package has it. */
export const ENGINE_VERSION = 'quantum-engine 0.1.0';

/**
 * Reads the text of a circuit, and holds it to the rules that simulators take for granted.
 * @throws CircuitError with the place
 */
export function readText({ text, format = formatOf(text) }: Source): {
  readonly circuit: Circuit;
  readonly format: Format;
} {
  const circuit = readAs(text, format);
  validate(circuit);
  return { circuit, format };
}

function readAs(text: string, format: Format): Circuit {
  switch (format) {
    case 'qasm2':
      return parseQasm(text, { version: 2 });
    case 'qasm3':
      return parseQasm(text, { version: 3 });
    case 'circuit':
      return readCircuitJson(text);
    case 'stim':
      return parseStim(text);
  }
}

/** SHA-256 of the canonical text of a circuit. */
export function hashOf(circuit: Circuit): string {
  const hash = createHash('sha256');
  for (const piece of circuitText(circuit)) hash.update(piece);
  return hash.digest('hex');
}

/** A circuit with its parameters bound and the noise that was asked for. */
export function prepared(
  circuit: Circuit,
  { parameters = {}, noise, noiseModel }: Source,
): Circuit {
  const bound = bind(circuit, parameters);
  // One would be left out, and the provenance could not say which.
  if (noise !== undefined && noiseModel !== undefined)
    throw new Refused({ code: 'INPUT', message: 'Give noise or noiseModel, and not both.' });
  const asked = noiseModel ?? noise;
  return asked === undefined ? bound : withNoise(expandCustomGates(bound), noiseModelOf(asked));
}

/** @throws CircuitError LIMIT for more than a drawing holds */
export const drawn = (circuit: Circuit, as: 'text' | 'svg'): string =>
  as === 'svg' ? drawSvg(circuit) : drawText(circuit);

/** @throws CircuitError UNSUPPORTED for what a format cannot say */
export function writtenAs(circuit: Circuit, to: Format): string {
  switch (to) {
    case 'stim':
      return writeStim(circuit);
    case 'circuit':
      return [...circuitText(circuit)].join('');
    case 'qasm2':
      return writeQasm(circuit, { version: 2 });
    case 'qasm3':
      return writeQasm(circuit, { version: 3 });
  }
}
