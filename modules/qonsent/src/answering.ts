import type { WriteContext } from '@anarq/kernel';
import type { qonsent } from './contract.ts';
import { requestView, requireOpen } from './requestView.ts';
import { requests, type RequestRow } from './store.ts';

type Answering = Pick<
  WriteContext<typeof qonsent.refuseRequest>,
  'rows' | 'emit' | 'party' | 'now_ms'
>;

/**
 * Ends a request with its answer, once, and tells both.
 * @throws STATE_CONFLICT where it was answered, taken back, or has run out
 */
export function closeRequest(
  row: RequestRow,
  told: {
    readonly answer: 'APPROVED' | 'REFUSED' | 'WITHDRAWN';
    readonly grant?: string;
    readonly note?: string | undefined;
  },
  ctx: Answering,
) {
  requireOpen(row, ctx.now_ms);
  const { answer, grant, note } = told;
  const change = {
    state: answer,
    answered_ms: ctx.now_ms,
    grant_cid: grant ?? null,
    note: note ?? null,
  };
  ctx.rows(requests).update(row, change);
  ctx.emit('q.qonsent.request.answered.v1', {
    requestId: row.id,
    asker: row.asker,
    from: row.owner,
    answer,
    ...(grant === undefined ? {} : { grant }),
    ...(row.asked_under === null ? {} : { askedUnder: row.asked_under }),
  });
  for (const did of [row.asker, row.owner]) ctx.party(did);
  return requestView({ ...row, ...change }, ctx.now_ms);
}
