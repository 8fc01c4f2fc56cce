import { QError } from '@anarq/common-schemas';
import { Books } from '../books/books.ts';
import { LedgerServer, type ListenOptions } from '../socket/server.ts';
import { NodeDesk, type ServedNode } from './nodeDesk.ts';
import { openingCall } from './opening.ts';

/** A connection may have 8 MiB under way; so many of them fit a small machine. */
const CONNECTIONS_MAX = 64;

/**
 * Serves the books of a node on a socket. A connection opens with one call of the kernel; each of its
 * batches is another, with its own record, counted against budgets as any call.
 * @throws FOLDER_UNUSABLE, PORT_TAKEN as `LedgerServer`
 */
export function serveBooks(
  node: ServedNode,
  listen: ListenOptions['listen'],
): Promise<LedgerServer> {
  const books = node.ownLog('ledger');
  if (!(books instanceof Books)) throw new Error('this process does not run the ledger');
  const served = {
    open: async (credentials: Readonly<Record<string, unknown>>) => {
      const opened = await node.connect(openingCall(credentials));
      if (!opened.ok) {
        const { code, message, details } = opened.failure;
        throw new QError(code, message, details);
      }
      const { tenant } = opened.data as { readonly tenant: string };
      return new NodeDesk(node, books, opened.connection, tenant);
    },
    settled: () => books.settled(),
  };
  return LedgerServer.serve(served, { listen, connectionsMax: CONNECTIONS_MAX });
}
