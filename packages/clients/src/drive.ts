import type { AnyOperation } from '@anarq/common-schemas';
import { CallError, localFailure } from './callError.ts';
import type { CallOptions, Client } from './client.ts';
import type { ContentPort } from './transport.ts';

/** The operations by which content moves, as qdrive names them. */
export type DriveOperation = 'begin' | 'upload' | 'complete' | 'get';

/**
 * Calls an operation of qdrive by its name and reads its output member by member, so that this
 * package depends on no module.
 * @throws CallError DEPENDENCY_MISSING where the client was not given qdrive's contract
 */
export async function callDrive(
  client: Client,
  name: DriveOperation,
  input: Readonly<Record<string, unknown>>,
  options: CallOptions = {},
): Promise<Members> {
  const op: AnyOperation | undefined = client.operation(`qdrive.${name}`);
  if (op === undefined)
    throw new CallError(
      localFailure('DEPENDENCY_MISSING', 'Give the client the contract of qdrive.', {
        module: 'qdrive',
      }),
    );
  return new Members(await client.call(op, input, options));
}

/** How content moves. @throws CallError DEPENDENCY_MISSING where the transport moves calls only */
export function contentOf(client: Client): ContentPort {
  if (client.content !== undefined) return client.content;
  throw new CallError(
    localFailure('DEPENDENCY_MISSING', 'This transport moves calls only, no content.'),
  );
}

/** The members of an output, read as what they have to be. */
export class Members {
  readonly value: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    this.value = typeof value === 'object' && value !== null ? { ...value } : {};
  }

  text(name: string): string {
    const member = this.value[name];
    return typeof member === 'string' ? member : this.#refuse(name);
  }

  /** A whole number from 0. */
  whole(name: string): number {
    const member = this.value[name];
    return typeof member === 'number' && Number.isSafeInteger(member) && member >= 0
      ? member
      : this.#refuse(name);
  }

  wholes(name: string): readonly number[] {
    const member = this.value[name];
    return Array.isArray(member) && member.every((item) => Number.isSafeInteger(item))
      ? (member as number[])
      : this.#refuse(name);
  }

  #refuse(name: string): never {
    throw new CallError(localFailure('INTERNAL', `The node's answer has no usable ${name}.`));
  }
}
