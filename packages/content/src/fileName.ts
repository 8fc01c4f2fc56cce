import { ContentError } from './errors.ts';

/** Bytes of UTF-8 that a file name has at most: what common file systems take. */
export const MAX_FILE_NAME_BYTES = 255;

/** Device names of Windows, which stay devices with any extension and in any case. */
const WINDOWS_DEVICE =
  /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])\s*(?:\.|$)/iu;

/** Each rule: when it refuses a name, and in which words. The first that refuses answers. */
const RULES: readonly (readonly [refuses: (name: string) => boolean, problem: string])[] = [
  [(name) => name === '', 'is empty'],
  [(name) => !name.isWellFormed(), 'is not valid Unicode (a lone surrogate)'],
  [
    (name) => Buffer.byteLength(name) > MAX_FILE_NAME_BYTES,
    `is longer than ${MAX_FILE_NAME_BYTES} bytes of UTF-8`,
  ],
  [(name) => name.normalize('NFC') !== name, 'is not in Unicode normalization form C'],
  [(name) => name === '.' || name === '..', 'means a folder, not a file'],
  // The colon parts drives and streams on Windows, and folders in old macOS interfaces.
  [(name) => /[/\\:]/.test(name), 'contains a path separator (/, \\ or :)'],
  [
    (name) => /[\p{Cc}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u.test(name),
    'contains a control character',
  ],
  // Unicode Technical Report 36: they make "gpj.exe" read as "exe.jpg".
  [
    (name) => /\p{Bidi_Control}/u.test(name),
    'contains a character that reverses the text direction',
  ],
  [(name) => /^[.\s]|[.\s]$/u.test(name), 'begins or ends with a dot or a space'],
  [(name) => WINDOWS_DEVICE.test(name), 'is a device name on Windows'],
];

/**
 * Whether a file may be called `name` on any common system. Returns the problem in words, to be
 * read after "The file name" ("is empty"), or undefined when the name is fine: Unicode in NFC, 1
 * to 255 bytes of UTF-8, one path segment, shown as it is written.
 */
export function checkFileName(name: string): string | undefined {
  return RULES.find(([refuses]) => refuses(name))?.[1];
}

/**
 * The `Content-Disposition` value that saves a download as `name` (RFC 6266): a quoted ASCII
 * fallback, and, where that cannot say it all, `filename*` (RFC 8187). Throws
 * ContentError('FILE_NAME_INVALID') for a name that `checkFileName` refuses.
 */
export function contentDisposition(name: string): string {
  const problem = checkFileName(name);
  if (problem !== undefined) {
    throw new ContentError('FILE_NAME_INVALID', `The file name ${problem}.`);
  }
  // Quotes, and percent signs, which some agents decode (RFC 6266 appendix D), are left out too.
  const fallback = name.replace(/[^\x20-\x7e]|["%]/gu, '_');
  const plain = `attachment; filename="${fallback}"`;
  return fallback === name ? plain : `${plain}; filename*=UTF-8''${encodeExtended(name)}`;
}

/** RFC 8187 section 3.2.1: percent-encodes all but attr-char, which is narrower than URI's set. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
