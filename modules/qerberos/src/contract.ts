import { command, contract, page, pageInput, query, t } from '@anarq/common-schemas';
import {
  CheckpointModel,
  proof,
  RECEIPT_BODY_BYTES_MAX,
  receiptJson,
  RecordModel,
  VerdictModel,
} from './models.ts';
import { WhyAnswerModel } from './whyModel.ts';

const RECORD = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';

/** What happened on this node, provable to anyone without it. */
export const qerberos = contract({
  name: 'qerberos',
  version: '1.0.0',
  title: 'Audit',
  purpose: 'The transparency log of the node: own records, receipts, proofs and checkpoints.',
  operations: {
    search: query({
      summary: 'Find the records that concern the caller, newest first.',
      http: 'GET /records',
      essential: false,
      scope: 'qerberos/search',
      personal: true,
      input: t.object({
        op: t.optional(t.string({ minLength: 1, maxLength: 128, description: 'qwallet.reserve' })),
        code: t.optional(t.string({ minLength: 1, maxLength: 64, description: 'SUCCESS, …' })),
        from: t.optional(t.instant({ description: 'From this instant on.' })),
        to: t.optional(t.instant({ description: 'Before this instant.' })),
        ...pageInput,
      }),
      output: page(RecordModel),
      examples: [{ summary: 'The newest', input: { limit: 20 } }],
    }),
    record: query({
      summary: 'Open one record that concerns the caller.',
      http: 'GET /records/{cid}',
      scope: 'qerberos/record',
      personal: true,
      input: t.object({ cid: t.cid() }),
      output: RecordModel,
      examples: [{ summary: 'By its CID', input: { cid: RECORD } }],
    }),
    receipt: query({
      summary: 'Make the receipt of a record and its steps; it verifies without this node.',
      http: 'GET /records/{cid}/receipt',
      scope: 'qerberos/receipt',
      personal: true,
      limits: { perMinute: 600 },
      input: t.object({ cid: t.cid() }),
      output: t.object({
        receipt: receiptJson(),
        missing: t.optional(
          t.array(t.string({ maxLength: 64 }), {
            maxItems: 256,
            description: 'Modules whose process could not be asked: their records are not in it.',
          }),
        ),
      }),
      errors: ['LIMIT_EXCEEDED'],
      examples: [{ summary: 'Of a purchase', input: { cid: RECORD } }],
    }),
    why: query({
      summary:
        'Say why something happened or did not: who, by which grants, within what, at what cost.',
      http: 'GET /records/{record}/why',
      mcp: { tool: 'qerberos.why', destructive: false },
      scope: 'qerberos/why',
      personal: true,
      limits: { perMinute: 600 },
      input: t.object({
        record: t.id({ description: 'CID of the record, or the id of its request.' }),
      }),
      output: WhyAnswerModel,
      errors: ['LIMIT_EXCEEDED'],
      examples: [{ summary: 'Of a purchase', input: { record: RECORD } }],
    }),
    verifyReceipt: query({
      summary: 'Verify a receipt with nothing but the receipt.',
      http: 'POST /receipts/verify',
      access: 'tenant',
      scope: 'qerberos/verifyreceipt',
      limits: { perMinute: 300, bodyBytes: RECEIPT_BODY_BYTES_MAX },
      input: t.object({
        receipt: receiptJson(),
        trust: t.optional(
          t.string({
            maxLength: 8_193,
            description:
              'Ed25519 verifier key of the log, or that, a comma, and its ML-DSA-44 key.',
          }),
        ),
      }),
      output: VerdictModel,
      examples: [{ summary: 'One that is none', input: { receipt: {} } }],
    }),
    checkpoint: query({
      summary: 'Show the tree that the log signed last, and the keys that verify it.',
      http: 'GET /checkpoint',
      access: 'public',
      scope: 'qerberos/checkpoint',
      input: t.object({}),
      output: CheckpointModel,
      examples: [{ summary: 'The newest', input: {} }],
    }),
    inclusion: query({
      summary: 'Prove that a record is in the signed tree.',
      http: 'GET /inclusion/{cid}',
      access: 'tenant',
      scope: 'qerberos/inclusion',
      limits: { perMinute: 600 },
      input: t.object({ cid: t.cid() }),
      output: t.object({
        leafIndex: t.integer({ minimum: 0 }),
        proof: proof(),
        checkpoint: CheckpointModel,
      }),
      examples: [{ summary: 'By the CID of the record', input: { cid: RECORD } }],
    }),
    consistency: query({
      summary: 'Prove that a later tree of the log contains an earlier one unchanged.',
      http: 'GET /consistency',
      access: 'public',
      scope: 'qerberos/consistency',
      limits: { perMinute: 600 },
      input: t.object({
        from: t.integer({ minimum: 1, description: 'Leaves of the earlier tree.' }),
        to: t.integer({ minimum: 1, description: 'Leaves of the later tree.' }),
      }),
      output: t.object({ proof: proof(), checkpoint: CheckpointModel }),
      examples: [{ summary: 'From one leaf to two', input: { from: 1, to: 2 } }],
    }),
    audit: command({
      summary: 'Put an event of the caller’s own into the log.',
      http: 'POST /events',
      mcp: { tool: 'qerberos.audit', destructive: false },
      scope: 'qerberos/audit',
      limits: { perMinute: 600 },
      input: t.object({
        type: t.string({ minLength: 1, maxLength: 128 }),
        ref: t.string({ maxLength: 512, description: 'What it is about.' }),
        layer: t.string({ minLength: 1, maxLength: 64 }),
        verdict: t.enum(['ALLOW', 'DENY', 'WARN']),
        details: t.json(),
      }),
      output: t.object({ cid: t.cid({ description: 'The record of the event.' }) }),
      examples: [
        {
          summary: 'A decision of an application',
          input: {
            type: 'review',
            ref: 'order/17',
            layer: 'application',
            verdict: 'ALLOW',
            details: { reviewer: 'second pair of eyes' },
          },
        },
      ],
    }),
    logStatus: query({
      summary: 'Compute the whole tree again from every stored record, and compare.',
      http: 'GET /log/status',
      resource: 'node',
      scope: 'qerberos/logstatus',
      limits: { perMinute: 6, timeout_ms: 600_000 },
      input: t.object({}),
      output: t.object({
        ok: t.boolean(),
        size: t.integer({ minimum: 0 }),
        problems: t.array(t.string({ maxLength: 1_024 }), { maxItems: 100 }),
      }),
      examples: [{ summary: 'All of it', input: {} }],
    }),
  },
});
