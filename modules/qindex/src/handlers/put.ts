import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { qindex } from '../contract.ts';
import { entryOf, POINTER_TYPE } from '../record.ts';
import { writeVersion } from '../write.ts';

export const put = handler(qindex.put, async (input, ctx) => {
  if (input.type === POINTER_TYPE)
    fail('INPUT_INVALID', `Records of type ${POINTER_TYPE} are written with setPointer.`);
  const row = await writeVersion(ctx, {
    type: input.type,
    key: input.key,
    cid: input.cid,
    tags: input.tags,
    text: input.text ?? '',
    visibility: input.visibility ?? 'owner',
    metadata: {},
    expectVersion: input.expectVersion,
  });
  ctx.emit(row.version === 1 ? 'q.qindex.record.created.v1' : 'q.qindex.record.updated.v1', {
    recordId: row.id,
    owner: row.owner,
    type: row.type,
    cid: row.cid,
    version: row.version,
  });
  return entryOf(row);
});
