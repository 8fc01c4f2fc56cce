import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const authorities = handler(node.authorities, (_, ctx) => ({
  items: ctx.services.processes
    .authorities()
    .map(({ grant, consumes, schedules, uses, ...rest }) => ({
      ...rest,
      ...(grant === undefined ? {} : { grant }),
      consumes: [...consumes],
      schedules: [...schedules],
      uses: [...uses],
    })),
}));
