import { concat, fromBase64 } from './encoding.ts';
import { malformed, TlogError } from './errors.ts';
import type { Vkey } from './vkey.ts';
import { checkKeyName, keyIdHex } from './vkey.ts';

/** The longest note read or written, in UTF-16 code units: well above 16 post-quantum signatures. */
export const NOTE_LENGTH_MAX = 256 * 1024;
/** The most signature lines read; the specification asks for at least 16. */
const NOTE_SIGNATURES_MAX = 64;

/** One signature line: key name, key id (8 hex digits), and what follows the id. */
export interface NoteSignature {
  readonly name: string;
  readonly keyIdHex: string;
  readonly signature: Uint8Array;
}

/** A note as parsed, nothing verified: the text with its final newline, and the signature lines in order. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A key that can say whether a signature over a note's text is its own and valid. */
export interface NoteVerifier {
  readonly vkey: Vkey;
  readonly verify: (text: string, signature: Uint8Array) => boolean;
}

/** Splits a signed note (C2SP signed-note) into text and signatures. Throws TLOG_MALFORMED or TLOG_LIMIT. */
export function parseNote(note: string): Note {
  if (note.length > NOTE_LENGTH_MAX) throw new TlogError('TLOG_LIMIT', 'the note is too long');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) malformed('a note is text, an empty line, signatures');
  const text = note.slice(0, split + 1);
  checkText(text);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) {
    throw new TlogError('TLOG_LIMIT', `a note may have ${NOTE_SIGNATURES_MAX} signatures`);
  }
  return { text, signatures: lines.map(parseSignatureLine) };
}

/** Joins a text (ending in a newline) and its signatures to a signed note. Throws TLOG_MALFORMED. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): string {
  checkText(text);
  if (signatures.length === 0) malformed('a note needs a signature');
  return `${text}\n${signatures.map(formatSignatureLine).join('')}`;
}

/**
 * Verifies a note with the given keys. Signatures of unknown keys are ignored; one that is by name and id of a known
 * key and does not verify refuses the whole note. Returns the note and the keys that signed it (at least one).
 * Throws TLOG_MALFORMED, TLOG_LIMIT, TLOG_SIGNATURE or TLOG_UNSIGNED.
 */
export function openNote(
  note: string,
  verifiers: readonly NoteVerifier[],
): Note & { readonly signedBy: readonly Vkey[] } {
  const parsed = parseNote(note);
  const signedBy = new Set<Vkey>();
  for (const line of parsed.signatures) {
    for (const { vkey, verify } of verifiers) {
      if (vkey.name !== line.name || keyIdHex(vkey) !== line.keyIdHex) continue;
      if (!verify(parsed.text, line.signature)) {
        throw new TlogError('TLOG_SIGNATURE', `the signature of ${line.name} is not valid`);
      }
      signedBy.add(vkey);
    }
  }
  if (signedBy.size === 0) {
    throw new TlogError('TLOG_UNSIGNED', 'no signature of a known key is on the note');
  }
  return { ...parsed, signedBy: [...signedBy] };
}

function parseSignatureLine(line: string): NoteSignature {
  const [dash, name, encoded, ...rest] = line.split(' ');
  if (dash !== '—' || name === undefined || encoded === undefined || rest.length > 0) {
    return malformed('a signature line is: em dash, key name, base64');
  }
  checkKeyName(name);
  const bytes = fromBase64(encoded, 'a note signature');
  if (bytes.length < 5) malformed('a note signature has a key id of 4 bytes and a signature');
  return { name, keyIdHex: bytes.subarray(0, 4).toHex(), signature: bytes.slice(4) };
}

function formatSignatureLine({ name, keyIdHex: id, signature }: NoteSignature): string {
  checkKeyName(name);
  return `— ${name} ${concat(Uint8Array.fromHex(id), signature).toBase64()}\n`;
}

function checkText(text: string): void {
  if (!text.endsWith('\n')) malformed('the text of a note ends in a newline');
  if (!text.isWellFormed()) malformed('the text of a note is not valid Unicode');
  // oxlint-disable-next-line no-control-regex -- the specification forbids exactly these
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) malformed('a note has no control characters');
}
