/** One quantity over another, both on logarithmic axes. */
export interface Panel {
  readonly title: string;
  /** What the vertical axis shows. */
  readonly unit: string;
  /** Pairs above zero, ascending by the first. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 320;
const HEIGHT = 260;
const LEFT = 62;
const RIGHT = 18;
const TOP = 44;
const BOTTOM = 46;

/** Readable on a light ground and on a dark one. */
const STYLE = `
    text { font: 12px system-ui, sans-serif; fill: #333 }
    .title { font-weight: 600 }
    .grid { stroke: #ccc }
    .line { stroke: #0b62c4; fill: none; stroke-width: 2 }
    .dot { fill: #0b62c4 }
    @media (prefers-color-scheme: dark) {
      text { fill: #ddd }
      .grid { stroke: #444 }
      .line { stroke: #6db1ff }
      .dot { fill: #6db1ff }
    }
  `;

/**
 * Panels side by side as one SVG (SVG 2), with the same horizontal axis.
 * @param xLabel what the horizontal axis shows
 */
export function logLogPlot(description: string, xLabel: string, panels: readonly Panel[]): string {
  const width = WIDTH * panels.length;
  const drawn = panels.map((panel, at) => drawPanel(panel, xLabel, at * WIDTH)).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" role="img">
  <title>${escaped(description)}</title>
  <style>${STYLE}</style>${drawn}
</svg>
`;
}

function drawPanel({ title, unit, points }: Panel, xLabel: string, left: number): string {
  const [x, y] = [axisOf(points.map(([value]) => value)), axisOf(points.map(([, value]) => value))];
  const right = WIDTH - RIGHT;
  const bottom = HEIGHT - BOTTOM;
  const atX = (value: number): number => LEFT + x.shareOf(value) * (right - LEFT);
  const atY = (value: number): number => bottom - y.shareOf(value) * (bottom - TOP);
  const places = points.map(([across, up]) => [fixed(atX(across)), fixed(atY(up))] as const);
  const parts = [
    `<text class="title" x="${LEFT}" y="18">${escaped(title)}</text>`,
    `<text x="${LEFT}" y="35">${escaped(unit)}</text>`,
    ...x.ticks.map((tick) => {
      const at = fixed(atX(tick));
      return `<line class="grid" x1="${at}" y1="${TOP}" x2="${at}" y2="${bottom}"/><text x="${at}" y="${bottom + 17}" text-anchor="middle">${labelOf(tick)}</text>`;
    }),
    ...y.ticks.map((tick) => {
      const at = fixed(atY(tick));
      return `<line class="grid" x1="${LEFT}" y1="${at}" x2="${right}" y2="${at}"/><text x="${LEFT - 7}" y="${fixed(atY(tick) + 4)}" text-anchor="end">${labelOf(tick)}</text>`;
    }),
    `<text x="${fixed((LEFT + right) / 2)}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(xLabel)}</text>`,
    `<polyline class="line" points="${places.map((place) => place.join(',')).join(' ')}"/>`,
    ...places.map(([across, up]) => `<circle class="dot" cx="${across}" cy="${up}" r="3.5"/>`),
  ];
  return `\n  <g transform="translate(${left} 0)">\n    ${parts.join('\n    ')}\n  </g>`;
}

interface Axis {
  readonly ticks: readonly number[];
  /** Where a value lies between the first tick and the last, from 0 to 1. */
  shareOf(value: number): number;
}

/** Whole powers of ten around all values. */
function axisOf(values: readonly number[]): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at)),
    shareOf: (value) => (Math.log10(value) - low) / (high - low),
  };
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 0.01 to 1,000 in full, the others as powers of ten. */
function labelOf(tick: number): string {
  const power = Math.round(Math.log10(tick));
  if (power >= -2 && power < 4) return String(Number(tick.toPrecision(1)));
  const digits = [...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return `10${power < 0 ? '⁻' : ''}${digits}`;
}

const fixed = (value: number): number => Number(value.toFixed(1));

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
