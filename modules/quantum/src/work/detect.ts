import type { Format } from '../models.ts';

/** Characters of a text that tell its format. */
const LOOKED_AT = 65_536;
/** Instructions of .stim files: upper-case names, and no name of OpenQASM is one. */
const STIM_LINE =
  /^[A-Z][A-Z0-9_]*(\[[^\]]*\])?(\([^)]*\))?(\s+(!?[XYZ*0-9.-]|rec\[|sweep\[|\{)|\s*$|\s*\{)/;

/** The format of a text, by its first words; what says nothing is OpenQASM 3. */
export function formatOf(text: string): Format {
  const start = text.slice(0, LOOKED_AT);
  const words = start
    .replace(/^\uFEFF/, '')
    .replaceAll(/\/\*[\s\S]*?(\*\/|$)|\/\/[^\n]*/g, ' ')
    .trimStart();
  if (words.startsWith('{')) return 'circuit';
  const version = /^OPENQASM\s+(\d)/.exec(words)?.[1];
  if (version !== undefined) return version === '2' ? 'qasm2' : 'qasm3';
  const lines = start.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const first = lines.find((line) => line !== '');
  if (first !== undefined && STIM_LINE.test(first)) return 'stim';
  return /\b(qreg|creg)\b|qelib1\.inc/.test(words) ? 'qasm2' : 'qasm3';
}
