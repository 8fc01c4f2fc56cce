import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  LogDamaged,
  logStart,
  PAGE_BYTES,
  readBatches,
  TRANSFER_RESULTS,
  TransferFlag,
} from '@anarq/ledger-engine';
import { accountOf } from '@anarq/ledger-engine/testing';
import { LedgerWriter } from '../../src/engine/index.ts';
import { Segments } from '../../src/engine/segments.ts';
import {
  accountRecords,
  ACCOUNTS,
  DEPTH,
  idOf,
  kindOf,
  recordsOf,
  sizeOf,
  SMALL,
  transfersOf,
} from './load.ts';

const KILLED = fileURLToPath(new URL('killedLedger.ts', import.meta.url));
/** Answers after which a process is killed, at most. */
const ANSWERS_MAX = 40;

/** What came of killing a ledger's process over and over. */
export interface Kills {
  kills: number;
  /** Kills before the ledger was open. */
  beforeOpen: number;
  /** Batches that were answered before a kill. */
  answered: number;
  /** Batches that were found after a kill although nobody had been answered. */
  foundUnanswered: number;
  /** Batches that were on their way and not found; they were sent again. */
  lost: number;
  /** Events that were sent again and were there already. */
  resent: number;
  /** What should not be. */
  readonly violations: string[];
}

export const noKills = (): Kills => ({
  kills: 0,
  beforeOpen: 0,
  answered: 0,
  foundUnanswered: 0,
  lost: 0,
  resent: 0,
  violations: [],
});

interface Killed {
  readonly isOpen: boolean;
  readonly answered: readonly number[];
  readonly complaints: readonly string[];
}

/** Lets a process write from a batch on, and kills it after so many answers; before any, where that is below 0. */
async function runAndKill(folder: string, first: number, answers: number): Promise<Killed> {
  const child = spawn(process.execPath, [KILLED, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let printed = '';
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.split('\n').length - 2 >= answers) child.kill('SIGKILL');
  });
  // While it starts, recovers and prepares.
  if (answers < 0) setTimeout(() => child.kill('SIGKILL'), randomInt(60, 400));
  const [, signal] = (await closed) as [number | null, string | null];
  // The last line may be cut: only whole ones were told.
  const lines = printed.split('\n').slice(0, -1);
  const told = lines
    .filter((line) => line.startsWith('answered'))
    .map((line) => line.split(' ').slice(1).map(Number) as [number, number]);
  return {
    isOpen: lines.includes('open'),
    answered: told.map(([batch]) => batch),
    complaints: [
      ...(signal === 'SIGKILL' ? [] : [`it ended by itself: ${complaints.slice(0, 500)}`]),
      ...told.filter(([, refused]) => refused > 0).map(([batch]) => `batch ${batch} was refused`),
    ],
  };
}

/**
 * Kills the process of one ledger so many times while it writes, and looks at the books after each: what
 * was answered is there, whole; what was not is there whole or not at all; what is sent again acts once.
 */
export async function killOver(folder: string, kills: number, sum: Kills): Promise<void> {
  let next = 0;
  for (let kill = 0; kill < kills; kill++) {
    const answers = randomInt(0, 8) === 0 ? -1 : randomInt(0, ANSWERS_MAX);
    const killed = await runAndKill(folder, next, answers);
    sum.kills++;
    sum.answered += killed.answered.length;
    if (!killed.isOpen) sum.beforeOpen++;
    sum.violations.push(...killed.complaints);
    const writer = await LedgerWriter.open(folder, SMALL);
    try {
      next = await lookAfter(writer, next, killed.answered, sum);
    } finally {
      await writer.close();
    }
  }
  checkChain(folder, sum);
}

async function lookAfter(
  writer: LedgerWriter,
  first: number,
  answered: readonly number[],
  sum: Kills,
): Promise<number> {
  const complain = (what: string): void => void sum.violations.push(what);
  const answeredEnd = Math.max(first, ...answered.map((batch) => batch + 1));
  // Each of those under way brings the next one when it is answered.
  const sentEnd = Math.max(first, first + answered.length + DEPTH);
  const isThere = (batch: number): boolean => {
    const ids = someOf(batch).map((index) => idOf(batch, index));
    const found = ids.filter((id) => writer.queries.ordinalOf(id) !== undefined).length;
    if (found !== 0 && found !== ids.length) complain(`batch ${batch} is there in part`);
    return found > 0;
  };
  let foundEnd = first;
  while (foundEnd < sentEnd && isThere(foundEnd)) foundEnd++;
  for (const batch of answered)
    if (batch >= foundEnd && !isThere(batch)) complain(`batch ${batch} was answered, and is lost`);
  for (let batch = foundEnd; batch < sentEnd; batch++)
    if (isThere(batch)) complain(`batch ${batch} is there, and ${foundEnd} before it is not`);
  sum.foundUnanswered += Math.max(0, foundEnd - answeredEnd);
  sum.lost += sentEnd - foundEnd;
  compare(writer, foundEnd, complain);
  if (writer.state.accountsCount === 0) await writer.createAccounts(accountRecords());
  // Whoever got no answer sends again, those included that were there after all.
  for (let batch = Math.max(0, answeredEnd - 3); batch < sentEnd; batch++) {
    const { results } = await writer.createTransfers(recordsOf(batch));
    const expected = batch < foundEnd ? TRANSFER_RESULTS.exists : TRANSFER_RESULTS.created;
    if (batch < foundEnd) sum.resent += results.length;
    if (results.some((result) => result !== expected))
      complain(`batch ${batch}, sent again, was answered ${[...new Set(results)].join(', ')}`);
  }
  compare(writer, sentEnd, complain);
  return sentEnd;
}

/** Indices into a batch, its first and last among them: the balances tell of all the others. */
function someOf(batch: number): number[] {
  const last = sizeOf(batch) - 1;
  return [...new Set([0, 1, 29, 30, last - 1, last])].filter((at) => at >= 0 && at <= last);
}

/** The books hold exactly the batches before one: each balance, and what became of each late hold. */
function compare(writer: LedgerWriter, end: number, complain: (what: string) => void): void {
  const expected = balancesAfter(end);
  let debits = 0n;
  let credits = 0n;
  const accounts = end === 0 ? 0n : ACCOUNTS;
  for (let id = 1n; id <= accounts; id++) {
    const record = writer.queries.account(id);
    if (record === undefined) {
      complain(`account ${id} is lost`);
      continue;
    }
    const { debitsPending, debitsPosted, creditsPending, creditsPosted } = accountOf(record);
    debits += debitsPosted + debitsPending;
    credits += creditsPosted + creditsPending;
    const found = [debitsPending, debitsPosted, creditsPending, creditsPosted].join(' ');
    const wanted = expected[Number(id)]!.join(' ');
    if (found !== wanted)
      complain(`after ${end} batches account ${id} has ${found}, and not ${wanted}`);
  }
  if (debits !== credits) complain(`debits are ${debits}, credits ${credits}`);
  for (let batch = Math.max(0, end - 12); batch < end; batch++) {
    if (kindOf(batch) !== 'hold') continue;
    for (const index of someOf(batch)) {
      const ending = index % 2 === 0 ? batch + 1 : batch + 2;
      const ended = index % 2 === 0 ? 'posted' : 'voided';
      const wanted = ending < end ? ended : 'pending';
      const status = writer.queries.pendingStatus(idOf(batch, index));
      if (status !== wanted)
        complain(`hold ${index} of batch ${batch} is ${status}, not ${wanted}`);
    }
  }
}

const sums: bigint[][] = [];
let summed = 0;

/** Balances by account id (pending and posted debits, pending and posted credits), added up plainly. */
function balancesAfter(end: number): bigint[][] {
  if (summed > end || sums.length === 0) {
    sums.length = 0;
    for (let id = 0n; id <= ACCOUNTS; id++) sums.push([0n, 0n, 0n, 0n]);
    summed = 0;
  }
  for (; summed < end; summed++)
    for (const { debit, credit, amount, flags, pendingId } of transfersOf(summed)) {
      const isEnd = (flags & (TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING)) !== 0;
      if (!isEnd) {
        const place = flags === TransferFlag.PENDING ? 0 : 1;
        sums[Number(debit)]![place]! += amount;
        sums[Number(credit)]![place + 2]! += amount;
        continue;
      }
      const holds = kindOf(summed) === 'post' ? summed - 1 : summed - 2;
      const held = transfersOf(holds).find(({ id }) => id === pendingId)!;
      for (const [account, place] of [[held.debit, 0] as const, [held.credit, 2] as const]) {
        sums[Number(account)]![place]! -= held.amount;
        if ((flags & TransferFlag.POST_PENDING) !== 0)
          sums[Number(account)]![place + 1]! += held.amount;
      }
    }
  return sums;
}

/** The whole log, from its first page, archives included: every page follows the one before. */
function checkChain(folder: string, sum: Kills): void {
  const segments = new Segments(folder, SMALL.segmentPages!);
  const position = logStart();
  try {
    for (const { events } of readBatches(segments, readFileSync(join(folder, 'id')), position))
      if (events.byteLength === 0) sum.violations.push('a batch of the log is empty');
    if (position.page === 0) sum.violations.push(`a log of ${PAGE_BYTES} bytes a page has none`);
  } catch (error) {
    if (!(error instanceof LogDamaged)) throw error;
    sum.violations.push(error.message);
  } finally {
    segments.close();
  }
}
