import { call, type ModuleDefinition } from '../src/index.ts';
import { items, lab, labModule } from './lab.ts';

/** A process of every kind of step; with the argument 'fail' it is refused at its end. */
export const crashLab = (): ModuleDefinition =>
  labModule({
    inner: async (_, ctx) => {
      await ctx.step(
        'deep',
        lab.put,
        { id: 'deep', text: 'deep' },
        {
          undo: ({ id }) => call(lab.del, { id }),
        },
      );
      ctx.rows(items).insert({ id: 'own', text: 'own', secret: '', amount_minor: null });
      return { text: 'inner' };
    },
    work: async (_, ctx) => {
      const rows = ctx.rows(items);
      for (const id of ['deep', 'own']) rows.remove(await rows.require(id));
      return { text: 'undone' };
    },
    run: async (input, ctx) => {
      const first = await ctx.step(
        'first',
        lab.put,
        { id: ctx.id('first'), text: 'first' },
        {
          undo: ({ id }) => call(lab.del, { id }),
        },
      );
      const seen = await ctx.query(lab.get, { id: first.id });
      await ctx.step('inner', lab.inner, {}, { undo: () => call(lab.work, {}) });
      await ctx.step(
        'second',
        lab.put,
        { id: 'second', text: `after ${seen.text}` },
        {
          as: 'module',
          undo: ({ id }) => call(lab.del, { id }),
        },
      );
      if (input.arg === 'fail') await ctx.step('reject', lab.reject, {});
      ctx.rows(items).insert({ id: 'last', text: 'last', secret: '', amount_minor: null });
      ctx.emit('q.lab.worked.v1', { id: 'last' });
      return { text: 'all done' };
    },
  });
