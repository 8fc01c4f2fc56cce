import type { Sealer } from '@anarq/crypto';
import type { SqlValue, Statement } from '@anarq/store';
import { LogError } from './errors.ts';
import { PARTIES_MAX, pseudonymOf, RETENTION_HOLDER, wrapKey } from './parties.ts';
import type { RecordBody } from './sealedRecord.ts';
import { sealRecord } from './sealedRecord.ts';

const COLUMN_LENGTH_MAX = 512;

/** Turns record bodies into rows of the caller's own commit. */
export interface Recorder {
  /**
   * Seals a body and wraps its key for each party and the retention holder. The body has the texts `at` (ISO 8601),
   * `tenant`, `op` and `code`, and may have `id` and `parent` (the CID or the id of the record it is a step of).
   * Returns the record's CID and the statements to commit; nothing is stored before they are. Throws LogError.
   */
  prepare(
    body: RecordBody,
    parties: readonly string[],
  ): { readonly cid: string; readonly statements: readonly Statement[] };
}

/** A recorder that wraps keys with this sealer. Synchronous, and without a table of its own to read. */
export function createRecorder(sealer: Sealer): Recorder {
  const pseudonym = pseudonymsOf(sealer);
  return {
    prepare(body, parties) {
      const holders = new Set([...parties, RETENTION_HOLDER]);
      if (holders.size > PARTIES_MAX + 1) {
        throw new LogError('LIMIT', `a record has ${PARTIES_MAX} parties at most`);
      }
      const columns = columnsOf(body);
      const { cid, sealed, key } = sealRecord(body);
      // One statement for all of them: each on its own costs as much as its row.
      const params: Record<string, SqlValue> = { at_ms: columns.at_ms, cid };
      for (const [place, party] of [...holders].entries()) {
        params[`party${place}`] = pseudonym(party);
        params[`wrapped${place}`] = wrapKey(sealer, cid, party, key);
      }
      const keys = { name: 'log keys', sql: KEYS_SQL[holders.size] ?? '', params };
      const record = {
        name: 'log record',
        sql: `insert into log_record (cid, tenant, op, code, at_ms, id, parent, sealed)
          values (:cid, :tenant, :op, :code, :at_ms, :id, :parent, :sealed)`,
        params: { ...columns, cid, sealed },
      };
      return { cid, statements: [record, keys] };
    },
  };
}

/** By the number of holders: a text that is made once is looked up faster than one that is new. */
const KEYS_SQL: readonly string[] = Array.from(
  { length: PARTIES_MAX + 2 },
  (_, count) =>
    `insert into log_key (party, at_ms, cid, wrapped) values ${Array.from(
      { length: count },
      (__, place) => `(:party${place}, :at_ms, :cid, :wrapped${place})`,
    ).join(', ')}`,
);

const PSEUDONYMS_MAX = 10_000;

/** The same parties come again and again. */
function pseudonymsOf(sealer: Sealer): (party: string) => string {
  const known = new Map<string, string>();
  return (party) => {
    const found = known.get(party);
    if (found !== undefined) return found;
    const made = pseudonymOf(sealer, party);
    if (known.size >= PSEUDONYMS_MAX) known.clear();
    known.set(party, made);
    return made;
  };
}

function columnsOf(body: RecordBody): {
  tenant: string;
  op: string;
  code: string;
  at_ms: number;
  id: string | null;
  parent: string | null;
} {
  const at_ms = Date.parse(text(body, 'at'));
  if (!Number.isSafeInteger(at_ms)) throw new LogError('MALFORMED', 'record.at is no instant');
  return {
    tenant: text(body, 'tenant'),
    op: text(body, 'op'),
    code: text(body, 'code'),
    at_ms,
    id: body['id'] === undefined ? null : text(body, 'id'),
    parent: body['parent'] === undefined ? null : text(body, 'parent'),
  };
}

function text(body: RecordBody, field: string): string {
  const value = body[field];
  if (typeof value === 'string' && value.length > 0 && value.length <= COLUMN_LENGTH_MAX)
    return value;
  throw new LogError(
    'MALFORMED',
    `record.${field} is a text of 1 to ${COLUMN_LENGTH_MAX} characters`,
  );
}
