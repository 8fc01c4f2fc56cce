import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the official vectors lie: `Q_VECTORS`, or `shared/vectors` beside the repository. */
const folder =
  process.env['Q_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));
const wycheproof = `${folder}/crypto/wycheproof`;

export const haveWycheproof: boolean = existsSync(wycheproof);
if (!haveWycheproof)
  console.info(`no Wycheproof vectors at ${wycheproof}: their tests are skipped`);

/** A value of a vector file: these files are trusted data, read member by member as they need. */
export type VectorCase = Readonly<Record<string, string>> & { readonly result: string };

/** One case with the members of its group that are texts. */
export interface Vector {
  readonly group: Readonly<Record<string, string>>;
  readonly publicKey: string;
  readonly test: VectorCase;
}

interface VectorFile {
  readonly testGroups: readonly {
    readonly publicKey?: string | { readonly pk: string } | null;
    readonly tests: readonly VectorCase[];
  }[];
}

/** Every case of a Wycheproof file, with its group. */
export function readVectors(name: string): Vector[] {
  const parsed: VectorFile = JSON.parse(readFileSync(`${wycheproof}/${name}.json`, 'utf8'));
  return parsed.testGroups.flatMap(({ tests, ...group }) => {
    const publicKey = group.publicKey ?? '';
    const texts = Object.entries(group).filter(([, value]) => typeof value === 'string');
    return tests.map((test) => ({
      group: Object.fromEntries(texts) as Record<string, string>, // filtered to texts just above
      publicKey: typeof publicKey === 'string' ? publicKey : publicKey.pk,
      test,
    }));
  });
}

export function fromHex(hex: string | undefined): Uint8Array {
  return new Uint8Array(Buffer.from(hex ?? '', 'hex'));
}

/** Goes through all vectors; `check` returns why it skipped one, or nothing. */
export function runVectors(
  name: string,
  check: (vector: Vector) => string | undefined,
): { checked: number; skipped: number } {
  const reasons = new Map<string, number>();
  let checked = 0;
  let skipped = 0;
  for (const vector of readVectors(name)) {
    const reason = check(vector);
    if (reason === undefined) checked++;
    else {
      skipped++;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  const why = [...reasons].map(([reason, count]) => `, ${count} skipped (${reason})`).join('');
  console.info(`${name}: ${checked} checked${why}`);
  return { checked, skipped };
}
