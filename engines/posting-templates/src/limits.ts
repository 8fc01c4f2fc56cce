/**
 * What a template may have at most. Reading and running one take time in proportion to its text, so
 * these bound both.
 */
export const TEXT_CHARS_MAX = 65_536;

/** Sources in sources, destinations in destinations, brackets and signs in expressions. */
export const DEPTH_MAX = 32;
export const STATEMENTS_MAX = 256;
export const VARIABLES_MAX = 64;

/** Sources of all statements together; one that is scaled counts once for each scale. */
export const SOURCES_MAX = 1_024;
export const DESTINATIONS_MAX = 1_024;

/** Digits of a number, as many as 2^127 has. */
export const DIGITS_MAX = 39;
export const STRING_CHARS_MAX = 1_024;
export const ACCOUNT_CHARS_MAX = 256;
export const ASSET_CHARS_MAX = 34;
export const ASSET_SCALE_DIGITS_MAX = 6;

/** Scales in which a scaled source looks for funds: 0 to 18 decimal places. */
export const SCALES = 19;
