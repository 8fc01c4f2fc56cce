import type { Counts } from './histogram.ts';

const BARS_MAX = 128;
const [WIDTH, HEIGHT] = [960, 420];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 16, 40, 110];
const LABEL_CHARS = 16;
const TICKS = 4;

/** A histogram as SVG: a bar an outcome, at most 128, each with its count as title. */
export function histogramSvg(
  counts: Counts,
  { shots, title }: { readonly shots: number; readonly title: string },
): string {
  const shown = counts.slice(0, BARS_MAX);
  const most = Math.max(1, ...shown.map(([, count]) => count));
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, shown.length);
  const plot = HEIGHT - TOP - BOTTOM;
  const heightOf = (count: number): number => (count / most) * plot;
  const bars = shown.map(([bits, count], at) => {
    const [x, height] = [LEFT + at * step + step * 0.1, heightOf(count)];
    const middle = LEFT + (at + 0.5) * step;
    const percent = ((100 * count) / shots).toFixed(2);
    return `<rect x="${fixed(x)}" y="${fixed(TOP + plot - height)}" width="${fixed(step * 0.8)}" height="${fixed(height)}" fill="#2563eb"><title>${escaped(bits)}: ${count} (${percent} %)</title></rect>
<text x="${fixed(middle)}" y="${HEIGHT - BOTTOM + 12}" transform="rotate(60 ${fixed(middle)} ${HEIGHT - BOTTOM + 12})" font-size="11" fill="#334155">${escaped(shortLabel(bits))}</text>`;
  });
  const ticks = Array.from({ length: TICKS + 1 }, (_, at) => {
    const y = TOP + plot - (at / TICKS) * plot;
    const percent = ((100 * most * at) / TICKS / shots).toFixed(1);
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fixed(y)}" y2="${fixed(y)}" stroke="#e2e8f0"/>
<text x="${LEFT - 6}" y="${fixed(y + 4)}" text-anchor="end" font-size="11" fill="#334155">${percent} %</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="ui-monospace, monospace" role="img">
<title>${escaped(title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
<text x="${LEFT}" y="24" font-size="14" fill="#0f172a">${escaped(title)}</text>
${ticks.join('\n')}
${bars.join('\n')}
</svg>
`;
}

const fixed = (value: number): string => value.toFixed(2);
const shortLabel = (bits: string): string =>
  bits.length <= LABEL_CHARS ? bits : `${bits.slice(0, LABEL_CHARS - 1)}…`;
const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
