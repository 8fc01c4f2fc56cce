import { handler } from '@anarq/kernel';
import { qerberos } from '../contract.ts';
import { inTableWords } from '../logErrors.ts';

export const audit = handler(qerberos.audit, async (input, ctx) => {
  const { actor, root, subject, tenant, requestId, operation, grants } = ctx.call;
  const { cid, statements } = await inTableWords(async () =>
    ctx.services.log.recorder.prepare(
      {
        kind: 'event',
        at: ctx.now,
        tenant,
        op: operation,
        code: input.verdict,
        // Who says so is what the kernel proved, never what the event claims.
        actor,
        subject,
        identity: actor === root ? { squidId: root } : { squidId: root, subId: actor },
        grants: [...grants],
        call: requestId,
        type: input.type,
        ref: input.ref,
        layer: input.layer,
        verdict: input.verdict,
        details: input.details,
      },
      [actor, subject],
    ),
  );
  ctx.carry(statements);
  return { cid };
});
