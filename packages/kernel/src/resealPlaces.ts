import { utf8, type Sealer } from '@anarq/crypto';
import type { Row } from '@anarq/store';
import { mintCapability, openCapability, type SealedCapability } from './capability.ts';
import type { ModuleDefinition } from './module.ts';

/** A column whose values are sealed, and how each is opened. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  readonly purpose: string;
  /** Primary key of the table. */
  readonly key: readonly string[];
  readonly idOf: (row: Row) => string;
  /** Other columns that `idOf` reads. */
  readonly reads?: readonly string[];
  /** What is inside may be coded under the root key itself, and is coded anew. */
  readonly renew?: (sealer: Sealer, plain: Uint8Array) => Uint8Array;
}

const textIn = (row: Row, column: string): string => String(row[column]);

const place = (
  table: string,
  column: string,
  purpose: string,
  key: readonly string[],
  idOf: SealedPlace['idOf'] = (row) => textIn(row, key[0] ?? ''),
): SealedPlace => ({ table, column, purpose, key, idOf });

const REPLAY_KEY = ['tenant', 'identity', 'operation', 'key'];

/** What the kernel itself seals; the wraps of the log are the log's. */
export const KERNEL_PLACES: readonly SealedPlace[] = [
  place('kernel_identity', 'sealed_seed', 'identity-seed', ['did']),
  place('kernel_identity', 'name_sealed', 'identity-name', ['did']),
  place('kernel_session', 'key_sealed', 'session-key', ['id']),
  place('kernel_replay', 'result_sealed', 'replay', REPLAY_KEY, (row) =>
    REPLAY_KEY.map((column) => textIn(row, column)).join('\n'),
  ),
  { ...place('kernel_process', 'admission_sealed', 'process', ['id']), renew: renewAdmission },
  place('kernel_process', 'progress_sealed', 'progress', ['id']),
  place('kernel_process', 'outcome_sealed', 'outcome', ['id']),
  place('kernel_step', 'result_sealed', 'journal', ['process', 'name'], (row) =>
    [textIn(row, 'process'), textIn(row, 'name')].join('/'),
  ),
  {
    ...place('kernel_wait', 'asked_sealed', 'wait', ['process', 'name'], (row) =>
      textIn(row, 'id'),
    ),
    reads: ['id'],
  },
];

/** What modules seal, as their tables say. */
export const modulePlaces = (modules: readonly ModuleDefinition[]): SealedPlace[] =>
  modules.flatMap(({ tables = [] }) =>
    tables.flatMap((table) =>
      Object.entries(table.columns).flatMap(([column, { sealed, sealedAs }]): SealedPlace[] => {
        if (sealed)
          return [
            place(table.name, column, `${table.name}.${column}`, ['tenant', 'id'], (row) =>
              textIn(row, 'id'),
            ),
          ];
        if (sealedAs === undefined) return [];
        const { purpose, idFrom = 'id' } = sealedAs;
        return [
          {
            ...place(table.name, column, purpose, ['tenant', 'id'], (row) => textIn(row, idFrom)),
            reads: [idFrom],
          },
        ];
      }),
    ),
  );

/** Modules whose tables may hold sealed values that nobody named: their earlier keys stay needed. */
export const modulesUnsaid = (modules: readonly ModuleDefinition[]): string[] =>
  modules
    .filter(
      ({ tables, migrations }) =>
        tables === undefined && migrations.some(({ sql }) => /\bBLOB\b/i.test(sql)),
    )
    .map(({ contract }) => contract.name);

/** The capability of a process is coded under the root key in force, once its code was checked. */
function renewAdmission(sealer: Sealer, plain: Uint8Array): Uint8Array {
  const admission = JSON.parse(new TextDecoder().decode(plain)) as { sealed: SealedCapability };
  const sealed = mintCapability(sealer, openCapability(sealer, admission.sealed));
  return utf8(JSON.stringify({ ...admission, sealed }));
}
