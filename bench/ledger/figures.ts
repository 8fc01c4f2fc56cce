import { figure, type Figure } from '../measuring/figures.ts';
import type { Load } from './drive.ts';
import type { Peer } from './peers.ts';
import { BOOKS, type Shape } from './sides.ts';
import { SHAPES } from './shapes.ts';

/** What was measured, round by round. */
export interface Rounds {
  readonly loads: Map<string, Load[]>;
  readonly peers: Map<string, number[]>;
  /** Of PostgreSQL, where it was there. */
  readonly peerVersion: string | undefined;
}

/** What the project holds itself to. */
const RATE_MIN: Readonly<Record<string, number>> = {
  'socket.8190x4': 1_000_000,
  'socket.1x256': 10_000,
};
const MEAN_MS_MAX: Readonly<Record<string, number>> = { 'socket.1024x1': 2 };

const MIXES = {
  plain: 'plain transfers',
  'two-phase': 'half pending, then each of them posted or voided in the same batch',
  linked: 'chains of 2, 3 and 4 linked transfers',
} as const;

function wayOf({ transport, connections }: Shape): string {
  if (transport === 'in-process') return 'in-process';
  if (transport === 'http')
    return `HTTP with kept connections, client and server in a process each, ${connections} connections, each of another agent with a token, that pays from an account of its owner's`;
  return `Unix socket, client and server in a process each, ${connections} ${connections === 1 ? 'connection' : 'connections'}`;
}

function conditionsOf(shape: Shape): string {
  const { transport, batch, depth, books, mix, ids } = shape;
  const { accounts, hasCheckpoints } = BOOKS[books];
  const checkpoints = hasCheckpoints ? ', signed checkpoints every second' : '';
  const node =
    books === 'node'
      ? `, a whole node: each batch is a call${transport === 'http' ? ' of ledger.createTransfers' : ''} with grant check, budget, record and replay key`
      : '';
  return `${wayOf(shape)}, batch ${batch}, depth ${depth}, durable (answered after fdatasync), ${accounts} accounts, ${MIXES[mix]}, ids ${ids}, all checks with full result codes, CRC-32 and SHA-256 chain in the log${checkpoints}${node}`;
}

/** Rate, mean and 99th percentile of a shape. */
export function figuresOf(shape: Shape, { loads }: Rounds): Figure[] {
  const measured = loads.get(shape.name) ?? [];
  const conditions = conditionsOf(shape);
  const [min, max] = [RATE_MIN[shape.name], MEAN_MS_MAX[shape.name]];
  return [
    figure({
      name: `ledger.${shape.name}`,
      unit: 'transfers/s',
      values: measured.map(({ perSecond }) => perSecond),
      ...(min === undefined ? {} : { target: { min } }),
      conditions,
    }),
    figure({
      name: `ledger.${shape.name}.mean`,
      unit: 'ms',
      values: measured.map(({ mean_ms }) => mean_ms),
      ...(max === undefined ? {} : { target: { max } }),
      conditions: `${conditions}; from sending a request to its answer`,
    }),
    figure({
      name: `ledger.${shape.name}.p99`,
      unit: 'ms',
      values: measured.map(({ p99_ms }) => p99_ms),
      conditions: `${conditions}; from sending a request to its answer`,
    }),
  ];
}

interface Comparison {
  readonly shape: string;
  readonly peer: Peer;
  readonly how: string;
  readonly min?: number;
}

const PG_ONE = 'synchronous_commit=on, one statement and transaction a transfer';
const PG_PLAIN =
  'synchronous_commit=on, 8190 transfers a transaction by unnest, grouped updates of accounts, nothing checked but that an id is new';
const PG_BOOKS =
  'synchronous_commit=on, 8190 transfers a transaction by unnest, grouped updates of accounts, and the work of a ledger: a result for each transfer, ids that act once, accounts that are there, open, of one unit and within their limits, whole records with their time, indexes by account';
const COMPARISONS: readonly Comparison[] = [
  {
    shape: 'socket.8190x4',
    peer: 'postgres.8190',
    how: `${PG_PLAIN}, 1 connection`,
    min: 10,
  },
  { shape: 'socket.8190x4', peer: 'postgres.8190x2', how: `${PG_PLAIN}, 2 connections` },
  {
    shape: 'socket.8190x4',
    peer: 'postgres.books.8190',
    how: `${PG_BOOKS}, 1 connection`,
    min: 10,
  },
  {
    shape: 'socket.8190x4',
    peer: 'postgres.books.8190x2',
    how: `${PG_BOOKS}, 2 connections`,
    min: 10,
  },
  { shape: 'http.1x64', peer: 'postgres.1x64', how: `${PG_ONE}, 64 connections` },
  { shape: 'http.100x64', peer: 'postgres.1x64', how: `${PG_ONE}, 64 connections` },
  { shape: 'socket.1x256', peer: 'postgres.1x64', how: `${PG_ONE}, 64 connections` },
  { shape: 'socket.1x256', peer: 'postgres.1x8', how: `${PG_ONE}, 8 connections` },
  { shape: 'socket.1x256', peer: 'postgres.1x1', how: `${PG_ONE}, 1 connection` },
  {
    shape: 'socket.8190x4',
    peer: 'sqlite.8190',
    how: 'node:sqlite in process, WAL, synchronous=FULL, 8190 transfers a transaction',
  },
  {
    shape: 'socket.1x256',
    peer: 'sqlite.1',
    how: 'node:sqlite in process, WAL, synchronous=FULL, one transfer a transaction',
  },
  {
    shape: 'socket.8190x4',
    peer: 'disk.8190',
    how: 'no ledger: write and fdatasync of the same bytes over a file, one batch a sync',
  },
  {
    shape: 'socket.8190x4',
    peer: 'disk.8190x4',
    how: 'no ledger: write and fdatasync of the same bytes over a file, four batches a sync',
  },
];

/** The ledger beside each peer that was there, of the same rounds. */
export function comparedWith({ loads, peers, peerVersion }: Rounds): Figure[] {
  return COMPARISONS.flatMap(({ shape, peer, how, min }) => {
    const theirs = peers.get(peer);
    const sent = SHAPES.find(({ name }) => name === shape);
    if (theirs === undefined || sent === undefined) return [];
    const version = peer.startsWith('postgres') ? `PostgreSQL ${peerVersion}, ` : '';
    return [
      figure({
        name: `ledger.${shape}.beside.${peer}`,
        unit: 'transfers/s',
        values: (loads.get(shape) ?? []).map(({ perSecond }) => perSecond),
        against: { name: peer, values: theirs },
        ...(min === undefined ? {} : { target: { min } }),
        conditions: `${conditionsOf(sent)}; beside ${version}${how}, ${BOOKS.main.accounts} accounts`,
      }),
    ];
  });
}
