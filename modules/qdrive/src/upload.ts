import { fail, type Static } from '@anarq/common-schemas';
import type { CallFacts, Services } from '@anarq/kernel';
import { PART_BYTES, type Upload } from './contract.ts';
import {
  countParts,
  missingParts,
  type Select,
  type UploadRow,
  type UploadState,
} from './store.ts';
import { issueTicket } from './ticket.ts';

export const UPLOAD_LIFE_MS = 24 * 3_600_000;
export const MISSING_TOLD_MAX = 50;

type Timed = Pick<UploadRow, 'state' | 'expires_ms'>;

/** The state of an upload now: one whose time is over has expired, swept or not. */
const stateAt = (upload: Timed, now_ms: number): UploadState =>
  upload.state === 'OPEN' && upload.expires_ms <= now_ms
    ? 'EXPIRED'
    : (upload.state as UploadState);

/**
 * What changes in the row of an upload that ends. Name and key leave it: a file has its own copy, and
 * what has no file is to be forgotten.
 */
export const ended = (state: Exclude<UploadState, 'OPEN'>) => ({
  state,
  name: '',
  metadata: {},
  key_sealed: new Uint8Array(0),
});

/** @throws STATE_CONFLICT where the upload has ended */
export function assertOpen(upload: Timed & { readonly id: string }, now_ms: number): void {
  const state = stateAt(upload, now_ms);
  if (state !== 'OPEN')
    fail('STATE_CONFLICT', `The upload is ${state.toLowerCase()}; begin a new one.`, {
      uploadId: upload.id,
      state,
    });
}

/** An upload as callers see it, with its ticket while it is open. */
export async function uploadView(
  upload: UploadRow,
  ctx: { select: Select; services: Services; call: CallFacts; now_ms: number },
): Promise<Static<typeof Upload>> {
  const state = stateAt(upload, ctx.now_ms);
  const base = {
    uploadId: upload.id,
    state,
    bytes: upload.bytes,
    partBytes: PART_BYTES,
    parts: upload.parts,
    expiresAt: new Date(upload.expires_ms).toISOString(),
  };
  if (state === 'COMPLETED')
    return { ...base, received: upload.parts, missing: [], fileId: upload.file_id };
  if (state !== 'OPEN') return { ...base, received: 0, missing: [] };
  return {
    ...base,
    received: await countParts(ctx.select, upload.file_id),
    missing: await missingParts(ctx.select, upload.file_id, upload.parts, MISSING_TOLD_MAX),
    ...uploadTicket(upload, ctx),
  };
}

/** The ticket by which parts of an upload are sent, good while the upload is. */
export const uploadTicket = (
  upload: Pick<UploadRow, 'id' | 'expires_ms'>,
  {
    services,
    call,
    now_ms,
  }: { readonly services: Services; readonly call: CallFacts; readonly now_ms: number },
): { ticket: string; url: string } =>
  issueTicket(
    services,
    call,
    { kind: 'upload', id: upload.id, form: 'plain', expires_ms: upload.expires_ms },
    now_ms,
  );
