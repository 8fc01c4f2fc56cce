import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sealer } from '@anarq/crypto';
import { otherParties, RETENTION_HOLDER, wrapsToRenew, type WrapPlace } from '@anarq/log';
import type { Row, SqlValue, Statement, Store } from '@anarq/store';
import type { ModuleDefinition } from './module.ts';
import { KERNEL_PLACES, modulePlaces, modulesUnsaid, type SealedPlace } from './resealPlaces.ts';

/** How many values one commit seals anew: few enough that calls beside it are not held up. */
const BATCH = 200;
const FIRST_WRAP: WrapPlace = { at_ms: -1, cid: '' };

export interface Resealed {
  /** Values that were sealed anew. */
  readonly count: number;
  /** What may still stand under an earlier key, in words; empty where nothing does. */
  readonly left: readonly string[];
}

interface Order {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly modules: readonly ModuleDefinition[];
  /** Asked before each batch; what is left then is taken up by the next run. */
  readonly isStopped?: () => boolean;
}

/**
 * Seals under the root key in force what earlier ones sealed, a batch a commit, beside whatever else
 * the node does: a value that was written meanwhile is left to the next pass. A crash leaves
 * each value under the one key or the other, and says itself which.
 */
export async function resealAll(order: Order): Promise<Resealed> {
  const { store, sealer, modules, isStopped = () => false } = order;
  let count = 0;
  const carryOut = async (statements: Statement[]): Promise<void> => {
    if (statements.length > 0) await store.commit(statements);
    count += statements.length;
    await nextTurn();
  };
  for (let before = -1; before !== count;) {
    before = count;
    for (const place of [...KERNEL_PLACES, ...modulePlaces(modules)]) {
      let after: Row | undefined;
      do {
        if (isStopped()) return { count, left: ['it was stopped before its end'] };
        const rows = await readPage(store, place, after);
        await carryOut(rows.flatMap((row) => renewed(place, sealer, row)));
        after = rows.length < BATCH ? undefined : rows.at(-1);
      } while (after !== undefined);
    }
    for (const party of await partiesOf(store)) {
      let after: WrapPlace | undefined = FIRST_WRAP;
      while (after !== undefined) {
        if (isStopped()) return { count, left: ['it was stopped before its end'] };
        const page = await wrapsToRenew(store, sealer, party, { after, limit: BATCH });
        await carryOut(page.statements);
        after = page.next;
      }
    }
  }
  return { count, left: await leftOf(order) };
}

async function leftOf({ store, sealer, modules }: Order): Promise<string[]> {
  const strangers = await otherParties(store, sealer, await partiesOf(store));
  return [
    ...modulesUnsaid(modules).map((name) => `module ${name} does not name its sealed tables`),
    ...(strangers === 0 ? [] : [`records of ${strangers} parties that are not known here`]),
  ];
}

async function readPage(
  store: Store,
  { table, column, key, reads = [] }: SealedPlace,
  after: Row | undefined,
): Promise<readonly Row[]> {
  const names = [...new Set([...key, ...reads, column])].join(', ');
  const beyond =
    after === undefined
      ? ''
      : `AND (${key.join(', ')}) > (${key.map((name) => `:k_${name}`).join(', ')})`;
  return store.read(
    `SELECT ${names} FROM ${table} WHERE ${column} IS NOT NULL ${beyond}
     ORDER BY ${key.join(', ')} LIMIT ${BATCH}`,
    after === undefined ? {} : keyParams(key, after),
  );
}

function renewed(place: SealedPlace, sealer: Sealer, row: Row): Statement[] {
  const { table, column, purpose, key, idOf, renew } = place;
  const before = row[column];
  if (!(before instanceof Uint8Array) || before.length === 0 || sealer.isCurrent(before)) return [];
  const plain = sealer.open(purpose, idOf(row), before);
  const now = sealer.seal(purpose, idOf(row), renew === undefined ? plain : renew(sealer, plain));
  return [
    {
      name: `reseal ${table}.${column}`,
      sql: `UPDATE ${table} SET ${column} = :now
            WHERE ${key.map((name) => `${name} = :k_${name}`).join(' AND ')} AND ${column} = :before`,
      params: { ...keyParams(key, row), now, before },
    },
  ];
}

const keyParams = (key: readonly string[], row: Row): Record<string, SqlValue> =>
  Object.fromEntries(key.map((name) => [`k_${name}`, row[name] ?? null]));

async function partiesOf(store: Store): Promise<string[]> {
  const rows = await store.read('SELECT did FROM kernel_identity ORDER BY did');
  return [...rows.map((row) => String(row['did'])), RETENTION_HOLDER];
}
