import type { Row } from '@anarq/store';
import { revive, type Admitted } from './admission.ts';
import type { CompiledOperation } from './invocation.ts';
import type { KernelParts } from './parts.ts';

/** Which open processes the code of this node goes on with: those of the version they began with. */
export class Versions {
  readonly #parts: KernelParts;
  readonly #find: (id: string) => CompiledOperation | undefined;

  constructor(parts: KernelParts, find: (id: string) => CompiledOperation | undefined) {
    this.#parts = parts;
    this.#find = find;
  }

  /** Whether the code of this node goes on with what began with a version of an operation. */
  knows(operation: string, version: string): boolean {
    const compiled = this.#find(operation);
    return compiled !== undefined && continues(compiled, version);
  }

  /** The operation is here, in whatever version: enough to undo what it did. */
  has(operation: string): boolean {
    return this.#find(operation) !== undefined;
  }

  /** One that cannot be read waits for a person; it does not keep the node from starting. */
  revive(row: Row): Admitted | undefined {
    const compiled = this.#find(row['operation'] as string);
    if (compiled === undefined) return undefined;
    // One that is given up is only undone: that takes no code of the version it began with.
    const goesOn =
      continues(compiled, row['version'] as string) || row['stop_code'] === 'ABANDONED';
    if (!goesOn) return undefined;
    try {
      return revive(row, compiled, this.#parts.services.sealer);
    } catch (error) {
      this.#parts.onError(error, `process ${String(row['id'])}`);
      return undefined;
    }
  }

  /** Says which open processes have to wait for another release. */
  async tellOfMissing(): Promise<void> {
    const rows = await this.#parts.store.read(
      `SELECT operation, version, COUNT(*) AS count FROM kernel_process WHERE state = 'RUNNING'
       GROUP BY operation, version`,
    );
    for (const row of rows) {
      const [operation, version] = [row['operation'] as string, row['version'] as string];
      if (this.knows(operation, version)) continue;
      const count = Number(row['count']);
      const who = count === 1 ? '1 open process' : `${count} open processes`;
      this.#parts.onError(
        new Error(
          `${who} began with ${operation} ${version}, which this node does not have: start the release that has it, or give up with ./q processes abandon ID`,
        ),
        'resume',
      );
    }
  }
}

const continues = ({ op, module }: CompiledOperation, version: string): boolean =>
  op.version === version || (module.continues ?? []).includes(version);
