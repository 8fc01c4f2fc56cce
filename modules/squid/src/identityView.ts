import { publicKeysOfDocument } from './documentKeys.ts';
import type { IdentityRecord } from '@anarq/kernel';

/**
 * An identity as somebody of its tenant sees it. Whose sub-identity one is, and what for, is between
 * it and its root: others see its keys and whether it is in force.
 */
export function identityView(record: IdentityRecord, viewer: string) {
  const base = {
    did: record.did,
    kind: record.kind,
    status: record.status,
    keys: publicKeysOfDocument(record.document),
    createdAt: new Date(record.created_ms).toISOString(),
  };
  const isPrivate = record.parent !== undefined;
  const isOwn = [record.did, record.parent, record.controller].includes(viewer);
  if (isPrivate && !isOwn) return base;
  return {
    ...base,
    name: record.name,
    controller: record.controller,
    ...(record.parent === undefined ? {} : { parent: record.parent }),
    custody: record.custody,
    document: record.document,
  };
}
