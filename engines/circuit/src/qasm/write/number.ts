const DENOMINATORS = [1, 2, 3, 4, 6, 8, 16, 32, 64, 128, 256, 512, 1024] as const;
const NUMERATOR_MAX = 4096;

/**
 * A number as OpenQASM writes it, which reads back as exactly the same: a multiple of pi where the
 * product and quotient come to it, else the shortest digits that do.
 */
export function numberText(value: number): string {
  return piText(value) ?? decimalText(value);
}

function piText(value: number): string | undefined {
  if (value === 0) return undefined;
  for (const denominator of DENOMINATORS) {
    const numerator = Math.round((value / Math.PI) * denominator);
    if (numerator === 0 || Math.abs(numerator) > NUMERATOR_MAX) continue;
    const size = Math.abs(numerator);
    const multiple = size === 1 ? Math.PI : size * Math.PI;
    if (Math.sign(value) * (multiple / denominator) !== value) continue;
    const product = `${value < 0 ? '-' : ''}${size === 1 ? 'pi' : `${size}*pi`}`;
    return denominator === 1 ? product : `${product}/${denominator}`;
  }
  return undefined;
}

/** With a point always: without one it would be a whole number. */
function decimalText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  if (text.includes('.')) return text;
  const [digits, exponent] = text.split('e');
  return exponent === undefined ? `${digits}.0` : `${digits}.0e${exponent}`;
}
