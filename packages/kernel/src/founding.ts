import { fromBase64url, toBase64url, utf8, verifyGenesis, type Sealer } from '@anarq/crypto';
import type { Statement, Store } from '@anarq/store';
import {
  identityStatement,
  ownResource,
  type Identities,
  type IdentityRow,
  type NewIdentity,
} from './identities.ts';
import type { NodeFacts } from './services.ts';
import { MODE, STANDALONE } from './standalone/marks.ts';

/**
 * Where it is kept who a node is, beside its root key: every process of the node finds the same
 * identities there, whichever of them started first.
 */
export interface FoundingPlace {
  read(role: string): Promise<string | undefined>;
  /** Keeps a text for a role, where none is kept yet. @returns the one that is kept */
  keep(role: string, text: string): Promise<string>;
  /** Puts another text in the place of the one that is kept: the same, sealed anew. */
  replace(role: string, text: string): Promise<void>;
}

export interface FoundingOrder {
  readonly store: Store;
  readonly identities: Identities;
  readonly sealer: Sealer;
  readonly place: FoundingPlace | undefined;
  /** Genesis document of the operator; needed where nobody founded the node yet. */
  readonly operatorDocument: unknown;
  /** Modules that have an identity of their own on this node, wherever they run. */
  readonly modules: readonly string[];
  /** A name for this process, should another one have founded the node. */
  readonly processName: string;
  readonly now_ms: number;
  /** What is founded stays a node with mocks. */
  readonly isStandalone: boolean;
}

export interface Founded extends NodeFacts {
  /** '' for the process that founded the node; it names the log of any other. */
  readonly process: string;
}

const DEFAULT_TENANT = 'home';
const FOUNDER = '';

/** The node, its operator and its modules as identities: made on the first start, found later. */
export async function foundNode(order: FoundingOrder): Promise<Founded> {
  const meta = new Map(
    (await order.store.read('SELECT key, value FROM kernel_meta')).map((row) => [
      row['key'] as string,
      row['value'] as string,
    ]),
  );
  const founding: Statement[] = [];
  const remember = (key: string, value: string): void => {
    meta.set(key, value);
    founding.push({
      sql: 'INSERT INTO kernel_meta (key, value) VALUES (:key, :value)',
      params: { key, value },
    });
  };
  const found = async (key: string, make: () => NewIdentity): Promise<string> => {
    const known = meta.get(key);
    if (known !== undefined) {
      await publish(order, key, known);
      return known;
    }
    const taken = await takeOrMake(order, key, make);
    founding.push(identityStatement(taken.row), ownerOf(taken.row));
    if (key === 'node') remember('process', taken.isOwn ? FOUNDER : order.processName);
    remember(key, taken.row.did);
    return taken.row.did;
  };

  const { now_ms } = order;
  const isNew = !meta.has('operator');
  const tenant = meta.get('tenant') ?? DEFAULT_TENANT;
  if (isNew) remember('tenant', tenant);
  if (isNew && order.isStandalone) remember(MODE, STANDALONE);
  const operator = await found('operator', () => ({
    tenant,
    kind: 'person',
    name: 'operator',
    document: operatorDocument(order.operatorDocument),
    now_ms,
  }));
  if (isNew) founding.push(ownResource(tenant, 'node', operator));
  const did = await found('node', () => ({
    tenant,
    kind: 'node',
    name: 'node',
    controller: operator,
    now_ms,
  }));
  const modules: Record<string, string> = {};
  for (const name of order.modules)
    modules[name] = await found(`module ${name}`, () => ({
      tenant,
      kind: 'module',
      name,
      controller: operator,
      now_ms,
    }));
  if (founding.length > 0) await order.store.commit(founding);
  return { did, operator, tenant, modules, process: meta.get('process') ?? FOUNDER };
}

/** The identity that is kept for a role; the first that is kept is the one of all processes. */
async function takeOrMake(
  order: FoundingOrder,
  key: string,
  make: () => NewIdentity,
): Promise<{ row: IdentityRow; isOwn: boolean }> {
  const kept = await order.place?.read(roleOf(key));
  if (kept !== undefined) return { row: await takeKept(order, key, kept), isOwn: false };
  const { row } = order.identities.prepareCreate(make());
  if (order.place === undefined) return { row, isOwn: true };
  const first = open(
    order.sealer,
    key,
    await order.place.keep(roleOf(key), seal(order.sealer, key, row)),
  );
  return { row: first, isOwn: first.did === row.did };
}

/** What is kept, sealed anew where the root key was changed since. */
async function takeKept(order: FoundingOrder, key: string, kept: string): Promise<IdentityRow> {
  const row = open(order.sealer, key, kept);
  if (!order.sealer.isCurrent(fromBase64url(kept.trim())))
    await order.place?.replace(roleOf(key), seal(order.sealer, key, row));
  return row;
}

/** A node that was founded before there was a place tells it there, for processes to come. */
async function publish(order: FoundingOrder, key: string, did: string): Promise<void> {
  if (order.place === undefined) return;
  const kept = await order.place.read(roleOf(key));
  if (kept !== undefined) {
    await takeKept(order, key, kept);
    return;
  }
  const row = await order.identities.row(did);
  if (row !== undefined) await order.place.keep(roleOf(key), seal(order.sealer, key, row));
}

const roleOf = (key: string): string => key.replaceAll(' ', '-');

const ownerOf = ({ tenant, did, controller }: IdentityRow): Statement =>
  ownResource(tenant, `squid/identity/${did}`, controller);

/** Sealed, because it may hold the seed of keys that the node keeps, and so that nobody changes it. */
const seal = (sealer: Sealer, key: string, row: IdentityRow): string =>
  toBase64url(sealer.seal('founding', key, utf8(JSON.stringify(row))));

function open(sealer: Sealer, key: string, text: string): IdentityRow {
  const plain = sealer.open('founding', key, fromBase64url(text.trim()));
  return JSON.parse(new TextDecoder().decode(plain)) as IdentityRow;
}

function operatorDocument(document: unknown): unknown {
  if (document === undefined)
    throw new Error('the first start of a node needs the genesis document of its operator');
  verifyGenesis(document);
  return document;
}
