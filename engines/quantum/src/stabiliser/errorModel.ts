import { CircuitError } from '@anarq/circuit';

/**
 * Which errors a circuit can have, and what each of them changes: independent mechanisms, as in the
 * .dem files of Stim (its doc/file_format_dem_detector_error_model.md).
 */
export interface ErrorModel {
  readonly detectors: number;
  readonly observables: number;
  /** Coordinates of each detector, with the shifts before it added. */
  readonly coordinates: readonly (readonly number[])[];
  readonly errors: readonly ErrorMechanism[];
}

/** Something that happens with this probability, and then all its components do. */
export interface ErrorMechanism {
  readonly probability: number;
  /** One, or several of which each has at most two detectors. */
  readonly components: readonly ErrorComponent[];
}

/** Detectors that fire and observables that flip; both ascending. */
export interface ErrorComponent {
  readonly detectors: readonly number[];
  readonly observables: readonly number[];
}

/** The model as the text of a .dem file. */
export function writeErrorModel(model: ErrorModel): string {
  const lines = model.errors.map(({ probability, components }) =>
    `error(${probability}) ${components.map(textOfComponent).join(' ^ ')}`.trimEnd(),
  );
  for (const [detector, coordinates] of model.coordinates.entries())
    lines.push(
      `detector${coordinates.length === 0 ? '' : `(${coordinates.join(', ')})`} D${detector}`,
    );
  for (let index = 0; index < model.observables; index += 1)
    lines.push(`logical_observable L${index}`);
  return lines.map((line) => `${line}\n`).join('');
}

const textOfComponent = ({ detectors, observables }: ErrorComponent): string =>
  [...detectors.map((d) => `D${d}`), ...observables.map((l) => `L${l}`)].join(' ');

/**
 * Reads a .dem file in which nothing is repeated or shifted, as `writeErrorModel` writes it.
 * @throws CircuitError SYNTAX, UNSUPPORTED for `repeat` and `shift_detectors`; with the place
 */
export function readErrorModel(text: string): ErrorModel {
  const coordinates: (readonly number[])[] = [];
  const errors: ErrorMechanism[] = [];
  let observables = 0;
  const see = (component: ErrorComponent): void => {
    for (const detector of component.detectors)
      while (coordinates.length <= detector) coordinates.push([]);
    for (const index of component.observables) observables = Math.max(observables, index + 1);
  };
  for (const [at, written] of text.split('\n').entries()) {
    const place = { line: at + 1, column: 1 };
    const line = written.replace(/#.*$/u, '').trim();
    if (line === '') continue;
    const parts = /^([A-Za-z]\w*)(?:\[[^\]]*\])?(?:\(([^)]*)\))?((?:\s+\S+)*)$/u.exec(line);
    const name = parts?.[1]?.toLowerCase();
    if (name === 'repeat' || name === 'shift_detectors')
      throw new CircuitError('UNSUPPORTED', `${name} is not read; write the model out.`, place);
    const args = (parts?.[2] ?? '')
      .split(',')
      .filter((arg) => arg.trim() !== '')
      .map(Number);
    const components = (parts?.[3] ?? '').split('^').map((part) => componentOf(part.trim(), place));
    if (parts === null || args.some(Number.isNaN))
      throw new CircuitError('SYNTAX', `This is no line of an error model.`, place);
    for (const component of components) see(component);
    if (name === 'error') {
      const [probability = -1] = args;
      if (args.length !== 1 || !(probability >= 0 && probability <= 1))
        throw new CircuitError('SYNTAX', 'An error has one probability.', place);
      errors.push({ probability, components });
    } else if (name === 'detector')
      for (const detector of components[0]!.detectors) coordinates[detector] = args;
    else if (name !== 'logical_observable')
      throw new CircuitError('SYNTAX', `There is no ${name} in an error model.`, place);
  }
  return { detectors: coordinates.length, observables, coordinates, errors };
}

/** Detectors and observables above this are refused when a model is read. */
const INDEX_MAX = 10_000_000;

function componentOf(text: string, place: { line: number; column: number }): ErrorComponent {
  const found = { D: [] as number[], L: [] as number[] };
  for (const target of text.split(/\s+/u).filter((part) => part !== '')) {
    const parts = /^([DL])(\d{1,8})$/u.exec(target);
    if (parts === null || Number(parts[2]) > INDEX_MAX)
      throw new CircuitError(
        'SYNTAX',
        `${JSON.stringify(target.slice(0, 40))} is no target.`,
        place,
      );
    found[parts[1] as 'D' | 'L'].push(Number(parts[2]));
  }
  return {
    detectors: found.D.toSorted((a, b) => a - b),
    observables: found.L.toSorted((a, b) => a - b),
  };
}
