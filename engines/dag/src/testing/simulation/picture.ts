import { leadersOf, type Committee } from '../../committee.ts';
import type { Block } from '../../block.ts';

/** What a picture shows of the blocks that one node has. */
export interface Pictured {
  readonly committee: Committee;
  /** Round after round. */
  readonly rounds: readonly (readonly Block[])[];
  /** Digests of leaders that are committed. */
  readonly committed: ReadonlySet<string>;
  readonly title: string;
}

const COLUMN = 46;
const ROW = 40;
const LEFT = 92;
const TOP = 56;
const LEGEND = 44;
const LEGEND_COLUMN = 180;
const LEGEND_WIDTH = 4 * LEGEND_COLUMN + 40;

/**
 * The blocks of some rounds as SVG: a row for each validator, a column for each round, a line from each block to
 * its parents. Leaders have a ring, which is filled where they are committed; the blocks of a validator with two in one
 * round are red, and beside each other.
 */
export function dagPicture({ committee, rounds, committed, title }: Pictured): string {
  const rows = committee.publicKeys.length;
  const first = rounds[0]?.[0]?.round ?? 0;
  const width = Math.max(LEFT + rounds.length * COLUMN + 20, LEGEND_WIDTH);
  const height = TOP + rows * ROW + 30 + LEGEND;
  const places = new Map<string, readonly [number, number]>();
  for (const [column, blocks] of rounds.entries())
    for (const [at, block] of blocks.entries()) {
      const same = blocks.filter(({ author }) => author === block.author);
      const shift = same.length > 1 ? 12 * (same.indexOf(block) - 0.5) : 0;
      places.set(blocks[at]!.ref.digest, [
        LEFT + column * COLUMN + COLUMN / 2 + shift,
        TOP + block.author * ROW + ROW / 2 + shift / 2,
      ]);
    }
  const lines: string[] = [];
  const circles: string[] = [];
  for (const block of rounds.flat()) {
    const place = places.get(block.ref.digest)!;
    for (const [refs, name] of [
      [block.parents, 'p'],
      [block.weakParents, 'w'],
    ] as const)
      for (const { digest } of refs) {
        const to = places.get(digest);
        if (to !== undefined)
          lines.push(
            `<line class="${name}" x1="${place[0]}" y1="${place[1]}" x2="${to[0]}" y2="${to[1]}"/>`,
          );
      }
    const isTwice = rounds.flat().some((other) => isOther(block, other));
    circles.push(circleOf(block, place, committee, committed, isTwice));
  }
  const names = Array.from(
    { length: rows },
    (_, row) => `<text x="12" y="${TOP + row * ROW + ROW / 2 + 4}">validator ${row}</text>`,
  );
  const numbers = rounds.map(
    (_, column) =>
      `<text class="n" x="${LEFT + column * COLUMN + COLUMN / 2}" y="${TOP - 8}">${first + column}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${title}</title>`,
    '<style>text{font:12px system-ui,sans-serif;fill:#333}.n{text-anchor:middle;fill:#777}.t{font-size:14px;font-weight:600}',
    '.p{stroke:#9aa4b2;stroke-width:.8}.w{stroke:#d98c3f;stroke-width:.8;stroke-dasharray:3 2}',
    '.b{fill:#e8ecf2;stroke:#5b6675}.l{fill:#fff;stroke:#2563eb;stroke-width:2.5}.c{fill:#2563eb;stroke:#2563eb}.e{fill:#fecaca;stroke:#b91c1c}',
    '@media(prefers-color-scheme:dark){text{fill:#ddd}.n{fill:#999}svg{background:#14171c}.b{fill:#2b323d;stroke:#8a94a3}.l{fill:#14171c}}</style>',
    `<text class="t" x="12" y="22">${title}</text>`,
    ...lines,
    ...circles,
    ...names,
    ...numbers,
    ...legend(TOP + rows * ROW + 24),
    '</svg>',
  ].join('\n');
}

/** What the marks mean, in two rows. */
function legend(top: number): readonly string[] {
  const marks = [
    ['b', 'a block'],
    ['l', "a leader's, open or skipped"],
    ['c', "a leader's, committed"],
    ['e', 'one of two of a round'],
  ] as const;
  const lines = [
    ['p', 'votes for a parent'],
    ['w', 'brings an older block'],
  ] as const;
  const at = (place: number) => 20 + place * LEGEND_COLUMN;
  return [
    ...marks.flatMap(([name, text], place) => [
      `<circle class="${name}" cx="${at(place)}" cy="${top}" r="7"/>`,
      `<text x="${at(place) + 14}" y="${top + 4}">${text}</text>`,
    ]),
    ...lines.flatMap(([name, text], place) => [
      `<line class="${name}" x1="${at(place) - 8}" y1="${top + 24}" x2="${at(place) + 8}" y2="${top + 24}"/>`,
      `<text x="${at(place) + 14}" y="${top + 28}">${text}</text>`,
    ]),
  ];
}

/** Whether one is another block of the same author and round. */
const isOther = (a: Block, b: Block): boolean =>
  a !== b && a.author === b.author && a.round === b.round;

function circleOf(
  block: Block,
  [x, y]: readonly [number, number],
  committee: Committee,
  committed: ReadonlySet<string>,
  isTwice: boolean,
): string {
  const leads = leadersOf(committee, block.round).includes(block.author);
  const name = committed.has(block.ref.digest) ? 'c' : isTwice ? 'e' : leads ? 'l' : 'b';
  const label = `round ${block.round}, validator ${block.author}, ${block.ref.digest.slice(0, 8)}, ${block.entries.length} entries`;
  return `<circle class="${name}" cx="${x}" cy="${y}" r="7"><title>${label}</title></circle>`;
}
