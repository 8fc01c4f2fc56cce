/** Limits of what a caller may ask for; going beyond one is refused with the number. */
export const TEXT_CHARS_MAX = 1_000_000;
export const SHOTS_MAX = 10_000_000;
export const SHOTS_DEFAULT = 1_024;
export const OBSERVABLES_MAX = 64;
export const OBSERVABLE_CHARS_MAX = 65_536;
export const PARAMETERS_MAX = 256;
export const THREADS_MAX = 64;
/** The higher, the sooner, among the runs of one owner. */
export const PRIORITY_MAX = 9;
export const PRIORITY_DEFAULT = 5;
export const NAME_CHARS_MAX = 80;
/** Longest that one run may take, in seconds. */
export const RUN_S_MAX = 3_600;
/** Different outcomes that are kept of a run, the most frequent first. */
export const OUTCOMES_MAX = 16_384;
/** Characters of outcomes that are kept of a run, all together. */
export const OUTCOME_CHARS_MAX = 4_194_304;
/** Classical bits of one outcome, and registers that share them. */
export const BITS_SHOWN_MAX = 65_536;
export const REGISTERS_SHOWN_MAX = 1_000;
/** Outcomes that one answer shows, and characters of them. */
export const OUTCOMES_SHOWN_MAX = 1_000;
export const OUTCOME_CHARS_SHOWN_MAX = 262_144;
/** Characters of a drawing or of a circuit that was converted. */
export const DRAWING_CHARS_MAX = 4_000_000;
