const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

const EVERY_MONTH =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d/;

/** Whether a text is an instant of RFC 3339 in UTC, ending in `Z`, on a day that exists. */
export function isInstant(text: string): boolean {
  if (!INSTANT.test(text)) return false;
  // Every month has 28 days, and every one of them an hour of 23.
  if (EVERY_MONTH.test(text)) return true;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return false;
  // Without the round trip, 30 February would pass for 2 March.
  return new Date(milliseconds).toISOString().slice(0, 19) === text.slice(0, 19);
}
