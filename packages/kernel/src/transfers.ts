import { failure, QError, type ErrorCode, type Failure, type Result } from '@anarq/common-schemas';
import { ContentError } from '@anarq/content';
import { CryptoError, randomBytes, toBase64url } from '@anarq/crypto';
import type {
  ModuleDefinition,
  TransferContent,
  TransferEnvironment,
  TransferPart,
} from './module.ts';
import { inTableWords } from './commands.ts';
import type { KernelParts } from './parts.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  NOT_FOUND: 'QINDEX_NOT_FOUND',
  CORRUPT: 'CONTENT_DIGEST_MISMATCH',
  SEAL_BROKEN: 'CONTENT_DIGEST_MISMATCH',
  TRUNCATED: 'CONTENT_DIGEST_MISMATCH',
  TOO_LARGE: 'INPUT_TOO_LARGE',
  STORAGE_FULL: 'QDRIVE_STORAGE_FULL',
  CID_INVALID: 'INPUT_INVALID',
  RANGE_INVALID: 'RANGE_NOT_SATISFIABLE',
  ARGUMENT_INVALID: 'INPUT_INVALID',
  FILE_NAME_INVALID: 'FILE_NAME_REFUSED',
  TICKET_INVALID: 'TICKET_INVALID',
  TICKET_EXPIRED: 'TICKET_INVALID',
};

/** Bytes by ticket: the module that issued a ticket moves what it stands for. */
export class Transfers {
  readonly #parts: KernelParts;
  readonly #modules: ReadonlyMap<string, ModuleDefinition>;
  readonly #now_ms: () => number;

  constructor(parts: KernelParts, modules: readonly ModuleDefinition[], now_ms: () => number) {
    this.#parts = parts;
    this.#now_ms = now_ms;
    this.#modules = new Map(
      modules.filter(({ transfer }) => transfer !== undefined).map((m) => [m.contract.name, m]),
    );
  }

  /** Takes one part of an upload; answered once it is durable. Never throws. */
  async receive(ticket: string, part: TransferPart): Promise<Result<unknown>> {
    try {
      const { since } = this.#parts.fence;
      if (since !== undefined) throw new QError('NODE_FENCED', undefined, { restoredAt: since });
      const { handler, claims, env } = this.#open(ticket, 'upload');
      const data = await handler.receive(claims, part, env);
      return { status: 'ok', code: 'SUCCESS', message: 'The part is stored.', data };
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** Opens content for reading, in whole or in a range. Never throws; the body may, midway. */
  async send(
    ticket: string,
    range: string | undefined,
  ): Promise<{ ok: true; content: TransferContent } | { ok: false; failure: Failure }> {
    try {
      const { handler, claims, env } = this.#open(ticket, 'download');
      return { ok: true, content: await handler.send(claims, range, env) };
    } catch (error) {
      return { ok: false, failure: this.#failure(error) };
    }
  }

  /** A ticket's id reads 'module/id'; its grantRef is whatever the module put there. */
  #open(ticket: string, kind: 'upload' | 'download') {
    const { services, store } = this.#parts;
    const claims = services.tickets.read(ticket, this.#now_ms());
    const [module, ...rest] = claims.id.split('/');
    const definition = this.#modules.get(module ?? '');
    if (claims.kind !== kind || definition?.transfer === undefined)
      throw new QError('TICKET_INVALID', `The ticket is not for this ${kind}.`);
    const env: TransferEnvironment = {
      services,
      now_ms: this.#now_ms,
      select: (sql, params = {}) => {
        const texts = typeof sql === 'string' ? [sql] : [sql.sql, sql.postgres ?? sql.sql];
        if (!texts.every((text) => /:tenant\b/.test(text)))
          throw new Error('SQL of a module must use :tenant');
        return store.read(sql, { ...params, tenant: claims.tenant });
      },
      commit: async (statements) => {
        await store.commit(statements);
      },
    };
    return {
      handler: definition.transfer,
      claims: {
        kind,
        id: rest.join('/'),
        tenant: claims.tenant,
        expires_ms: claims.expires_ms,
        context: claims.grantRef,
      },
      env,
    };
  }

  #failure(cause: unknown): Failure {
    const error = inTableWords(cause);
    const call = { requestId: `req_${toBase64url(randomBytes(12))}`, now_ms: this.#now_ms() };
    if (error instanceof QError) return failure(error.code, call, error.message, error.details);
    const known = error instanceof ContentError ? CODES[error.code] : undefined;
    if (error instanceof ContentError && known !== undefined)
      return failure(known, call, error.message);
    this.#parts.onError(error, 'transfer');
    const code = error instanceof CryptoError ? 'CONTENT_DIGEST_MISMATCH' : 'INTERNAL';
    return failure(code, call);
  }
}
