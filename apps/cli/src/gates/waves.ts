/** coefficient * exp(i (sum of frequency * param)); frequencies count halves. */
export interface Wave {
  readonly halves: readonly number[];
  readonly re: number;
  readonly im: number;
}

/** Samples of a period of 4 pi: enough for frequencies below 2, in halves. */
const SAMPLES = 8;
const NOTHING = 1e-12;

/**
 * An entry of a gate's matrix as a sum of waves of its params, as all entries of the table are.
 * @param entryOf the entry at params, as [re, im]
 * @throws Error where it is no such sum
 */
export function wavesOf(
  params: number,
  entryOf: (at: readonly number[]) => readonly [number, number],
): readonly Wave[] {
  const places = Array.from({ length: SAMPLES ** params }, (_, place) => digitsOf(place, params));
  let values = places.map((at) => entryOf(at.map((k) => (k * 4 * Math.PI) / SAMPLES)));
  for (let param = 0; param < params; param += 1) values = transformed(values, param);
  const waves = places.flatMap((at, place): Wave[] => {
    const [re, im] = values[place] ?? [0, 0];
    if (Math.hypot(re, im) < NOTHING) return [];
    return [{ halves: at.map((k) => (k < SAMPLES / 2 ? k : k - SAMPLES)), re, im }];
  });
  check(waves, params, entryOf);
  return waves;
}

const digitsOf = (place: number, params: number): number[] =>
  Array.from({ length: params }, (_, param) => Math.floor(place / SAMPLES ** param) % SAMPLES);

/** The discrete Fourier transform along one param. */
function transformed(
  values: readonly (readonly [number, number])[],
  param: number,
): (readonly [number, number])[] {
  const stride = SAMPLES ** param;
  return values.map((_, place) => {
    const frequency = Math.floor(place / stride) % SAMPLES;
    const start = place - frequency * stride;
    let [re, im] = [0, 0];
    for (let k = 0; k < SAMPLES; k += 1) {
      const [valueRe, valueIm] = values[start + k * stride] ?? [0, 0];
      const angle = (-2 * Math.PI * frequency * k) / SAMPLES;
      re += (valueRe * Math.cos(angle) - valueIm * Math.sin(angle)) / SAMPLES;
      im += (valueRe * Math.sin(angle) + valueIm * Math.cos(angle)) / SAMPLES;
    }
    return [re, im] as const;
  });
}

/** At angles between the samples, where a wave of another frequency would show. */
function check(
  waves: readonly Wave[],
  params: number,
  entryOf: (at: readonly number[]) => readonly [number, number],
): void {
  const at = Array.from({ length: params }, (_, param) => 0.3 + 0.7 * param);
  let [re, im] = entryOf(at);
  for (const wave of waves) {
    const angle = wave.halves.reduce((sum, half, param) => sum + (half / 2) * (at[param] ?? 0), 0);
    re -= wave.re * Math.cos(angle) - wave.im * Math.sin(angle);
    im -= wave.re * Math.sin(angle) + wave.im * Math.cos(angle);
  }
  if (Math.hypot(re, im) > 1e-9) throw new Error('an entry is no sum of waves of half frequencies');
}
