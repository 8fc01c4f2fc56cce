import { canonicalJson } from '@anarq/crypto';
import type { Statement } from '@anarq/store';
import type { KernelParts } from './parts.ts';

/** An event of the kernel itself, announced in the contract of the module `node`. */
export interface NodeEvent {
  readonly topic: `q.node.${string}.v1`;
  readonly tenant: string;
  /** Whom it is for. */
  readonly subject: string;
  /** CID of the record of the call that it is about, where there is one. */
  readonly record: string | null;
  /** Unique on the node. */
  readonly id: string;
  readonly at_ms: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The row of the outbox for it; none on a node without the module that announces it. */
export const nodeEvent = (parts: KernelParts, event: NodeEvent): Statement[] =>
  parts.services.node.modules['node'] === undefined
    ? []
    : [
        {
          name: event.topic,
          sql: `INSERT INTO kernel_outbox (id, tenant, module, topic, subject, data, record, at_ms, viewers)
                VALUES (:id, :tenant, 'node', :topic, :subject, :data, :record, :at_ms, :viewers)`,
          params: {
            id: event.id,
            tenant: event.tenant,
            topic: event.topic,
            subject: event.subject,
            data: canonicalJson(event.data),
            record: event.record,
            at_ms: event.at_ms,
            viewers: JSON.stringify([viewerOf(parts, event)]),
          },
        },
      ];

/** Whom it is for; what is about the node itself, and no party, is for its operator. */
const viewerOf = ({ services }: KernelParts, { subject }: NodeEvent): string =>
  subject.startsWith('did:') ? subject : services.node.operator;
