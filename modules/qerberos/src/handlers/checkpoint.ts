import { handler } from '@anarq/kernel';
import { checkpointView } from '../checkpointView.ts';
import { qerberos } from '../contract.ts';

export const checkpoint = handler(qerberos.checkpoint, (_input, ctx) => {
  const { log } = ctx.services;
  return checkpointView(log.checkpoint(), log);
});
