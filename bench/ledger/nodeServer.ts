import { join } from 'node:path';
import { toBase64url } from '@anarq/crypto';
import { ledger } from '@anarq/ledger/contract';
import { startNode } from '@anarq/node';
import { actorOf } from '@anarq/testing';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import { httpCallers } from './httpCallers.ts';
import type { HttpPlace } from './httpLoad.ts';

export interface NodeArgument {
  readonly folder: string;
  /** Path of its Unix socket. */
  readonly path: string;
}

/** Who opens a connection to a node, and of which tenant its accounts are. */
export interface NodeCaller {
  readonly node: string;
  readonly identity: string;
  /** base64url */
  readonly seed: string;
  readonly tenant: string;
}

type Order =
  | { readonly kind: 'accounts'; readonly count: number }
  | { readonly kind: 'caller' }
  | { readonly kind: 'http'; readonly callers: number };

const AT_ONCE = 100;

/** A whole node that serves its ledger on a socket and over HTTP; the operator owns the accounts. */
const { folder, path } = argumentOf<NodeArgument>();
const started = startNode({
  dataFolder: join(folder, 'data'),
  keysFolder: join(folder, 'keys'),
  version: '0.0.0-bench',
  port: 0,
  ledgerSocket: { path },
  onError: (error, where) => process.stderr.write(`${where}: ${String(error)}\n`),
});

answerOrders(
  async (order: Order) => {
    const node = await started;
    const { kernel, operatorSeed } = node;
    if (order.kind === 'http')
      return {
        url: node.url,
        callers: await httpCallers(node, order.callers),
      } satisfies HttpPlace;
    const { did, operator: identity, tenant } = kernel.node;
    if (order.kind === 'caller')
      return {
        node: did,
        identity,
        tenant,
        seed: toBase64url(operatorSeed),
      } satisfies NodeCaller;
    const operator = actorOf(() => kernel, { did: identity, seed: operatorSeed });
    for (let from = 1; from <= order.count; from += AT_ONCE) {
      const count = Math.min(AT_ONCE, order.count + 1 - from);
      const accounts = Array.from({ length: count }, (_, index) => ({
        id: `a${from + index}`,
        unit: 'EUR',
        code: 1,
        flags: [],
      }));
      await operator.call(ledger.createAccounts, { accounts });
    }
    return order.count;
  },
  async () => (await started).close(),
);
