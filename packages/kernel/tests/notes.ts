import {
  command,
  contract,
  event,
  page,
  pageInput,
  process as processOp,
  query,
  t,
} from '@anarq/common-schemas';
import {
  createTable,
  defineModule,
  handler,
  minor,
  process,
  table,
  text,
  call,
} from '../src/index.ts';

/** A small module of the tests: notes with an owner, a counter of money, and a process over both. */
const Note = t.named('Note', t.object({ id: t.id(), text: t.string({ maxLength: 200 }) }));

export const notes = contract({
  name: 'notes',
  version: '1.0.0',
  title: 'Notes',
  purpose: 'Notes for the tests of the kernel.',
  operations: {
    add: command({
      summary: 'Adds a note.',
      scope: 'notes/add',
      input: t.object({ text: t.string({ maxLength: 200 }) }),
      output: Note,
      emits: ['q.notes.added.v1'],
    }),
    edit: command({
      summary: 'Changes a note.',
      scope: 'notes/edit',
      resource: 'note/{id}',
      input: t.object({ id: t.id(), text: t.string({ maxLength: 200 }) }),
      output: Note,
    }),
    get: query({
      summary: 'Reads a note.',
      scope: 'notes/get',
      resource: 'note/{id}',
      input: t.object({ id: t.id() }),
      output: Note,
    }),
    list: query({
      summary: 'Lists notes.',
      scope: 'notes/list',
      input: t.object(pageInput),
      output: page(Note),
    }),
    spend: command({
      summary: 'Spends an amount.',
      scope: 'notes/spend',
      signature: 'full',
      authorises: { amount: 'max', unit: 'unit' },
      input: t.object({
        max: t.decimal(),
        unit: t.string({ maxLength: 12 }),
        really: t.optional(t.decimal()),
      }),
      output: t.object({ total: t.decimal() }),
    }),
    remove: command({
      summary: 'Removes a note.',
      scope: 'notes/remove',
      resource: 'note/{id}',
      input: t.object({ id: t.id() }),
      output: t.object({ id: t.id() }),
    }),
    two: processOp({
      summary: 'Adds two notes, or none.',
      scope: 'notes/two',
      uses: ['notes.add', 'notes.remove', 'notes.get', 'notes.refuse'],
      input: t.object({
        first: t.string({ maxLength: 200 }),
        second: t.string({ maxLength: 200 }),
        fail: t.optional(t.boolean()),
      }),
      output: t.object({ ids: t.array(t.id()), own: t.id() }),
    }),
    refuse: command({
      summary: 'Always refuses.',
      scope: 'notes/refuse',
      input: t.object({}),
      output: t.object({}),
      errors: ['STATE_CONFLICT'],
    }),
  },
  events: {
    'q.notes.added.v1': event({
      summary: 'A note was added.',
      schema: t.object({ id: t.id() }),
      subject: 'id',
    }),
  },
});

export const noteTable = table('notes_note', { resource: 'note' }, { text: text() });
export const totalTable = table('notes_total', {}, { total_minor: minor() });

export const notesModule = defineModule(notes, {
  migrations: [{ id: 1, sql: `${createTable(noteTable)}\n${createTable(totalTable)}` }],
  handlers: {
    add: handler(notes.add, (input, ctx) => {
      const id = ctx.id('note');
      ctx.rows(noteTable).insert({ id, text: input.text });
      ctx.emit('q.notes.added.v1', { id });
      return { id, text: input.text };
    }),
    edit: handler(notes.edit, async (input, ctx) => {
      const row = await ctx.rows(noteTable).require(input.id);
      ctx.rows(noteTable).update(row, { text: input.text });
      return { id: input.id, text: input.text };
    }),
    get: handler(notes.get, async (input, ctx) => {
      const row = await ctx.rows(noteTable).require(input.id);
      return { id: row.id, text: row.text };
    }),
    list: handler(notes.list, async (input, ctx) => {
      const found = await ctx.rows(noteTable).list({ limit: input.limit, cursor: input.cursor });
      return { ...found, items: found.items.map(({ id, text: words }) => ({ id, text: words })) };
    }),
    spend: handler(notes.spend, async (input, ctx) => {
      const amount = BigInt(Math.round(Number(input.really ?? input.max)));
      const rows = ctx.rows(totalTable);
      const row = await rows.get('total');
      if (row === undefined) rows.insert({ id: 'total', total_minor: amount });
      else rows.update(row, { total_minor: row.total_minor + amount });
      if (input.really !== undefined) ctx.spent(input.really);
      return { total: String((row?.total_minor ?? 0n) + amount) };
    }),
    remove: handler(notes.remove, async (input, ctx) => {
      ctx.rows(noteTable).remove(await ctx.rows(noteTable).require(input.id));
      return { id: input.id };
    }),
    two: process(notes.two, async (input, ctx) => {
      const first = await ctx.step(
        'first',
        notes.add,
        { text: input.first },
        {
          undo: (note) => call(notes.remove, { id: note.id }),
        },
      );
      const seen = await ctx.query(notes.get, { id: first.id });
      const second = await ctx.step(
        'second',
        notes.add,
        { text: `${seen.text}+${input.second}` },
        {
          undo: (note) => call(notes.remove, { id: note.id }),
        },
      );
      if (input.fail === true) await ctx.step('refuse', notes.refuse, {});
      const own = ctx.id('note');
      ctx.rows(noteTable).insert({ id: own, text: 'own' });
      return { ids: [first.id, second.id], own };
    }),
    refuse: handler(notes.refuse, async () => {
      const { fail } = await import('@anarq/common-schemas');
      return fail('STATE_CONFLICT', 'It always refuses.');
    }),
  },
});
