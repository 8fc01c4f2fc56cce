import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const switches = handler(node.switches, (_input, ctx) => ({
  items: ctx.services.shedding.switches(),
}));
