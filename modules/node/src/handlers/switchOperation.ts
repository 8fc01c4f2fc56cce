import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const switchOperation = handler(node.switchOperation, ({ operation, isOn }, ctx) => {
  const { statements, activate } = ctx.services.shedding.prepareSwitch(operation, isOn, ctx.now_ms);
  ctx.carry(statements);
  ctx.afterCommit(activate);
  return { operation, isOn };
});
