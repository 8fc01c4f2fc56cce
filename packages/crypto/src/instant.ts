const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/** Whether a text is an instant of RFC 3339 in UTC, ending in `Z`, on a day that exists. */
export function isInstant(text: string): boolean {
  if (!INSTANT.test(text)) return false;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return false;
  // Without the round trip, 30 February would pass for 2 March.
  return new Date(milliseconds).toISOString().slice(0, 19) === text.slice(0, 19);
}
