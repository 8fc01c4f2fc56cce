import { command, contract, event, job, process as processOp, t } from '@anarq/common-schemas';
import {
  createTable,
  defineModule,
  handler,
  process,
  reaction,
  table,
  text,
  type ModuleDefinition,
} from '../src/index.ts';

const Note = t.object({ text: t.string({ maxLength: 80 }) });
const Noted = t.object({ id: t.id() });

/** A module whose work takes time: it waits, it toils, and it reacts to what was said. */
export const patient = contract({
  name: 'patient',
  version: '1.0.0',
  title: 'Patient',
  purpose: 'Takes its time.',
  operations: {
    note: command({
      summary: 'Note something, under an id of its own each time.',
      scope: 'patient/note',
      input: Note,
      output: Noted,
    }),
    wait: processOp({
      summary: 'Note something, wait, and note something else.',
      scope: 'patient/wait',
      uses: ['patient.note'],
      input: t.object({}),
      output: t.object({}),
    }),
    toil: job({
      summary: 'Note one thing after the other.',
      scope: 'patient/toil',
      uses: ['patient.note'],
      input: t.object({}),
      output: t.object({}),
      job: { deadline_ms: 3_600_000 },
    }),
    say: command({
      summary: 'Say something.',
      scope: 'patient/say',
      input: Note,
      output: t.object({}),
      emits: ['q.patient.said.v1'],
    }),
  },
  events: { 'q.patient.said.v1': event({ summary: 'Something was said.', schema: Note }) },
  consumes: ['q.patient.said.v1'],
  asItself: { uses: ['patient.note'] },
});

export const TOILS = 6;
export const SAYINGS = 8;
const WAIT_MS = 2_000;
const PAUSE_MS = 150;

const notes = table('patient_note', { resource: 'note' }, { text: text() });

export const patientModule = (): ModuleDefinition =>
  defineModule(patient, {
    migrations: [{ id: 1, sql: createTable(notes) }],
    handlers: {
      note: handler(patient.note, (input, ctx) => {
        const id = ctx.id('note');
        ctx.rows(notes).insert({ id, text: input.text });
        return { id };
      }),
      wait: process(patient.wait, async (_, ctx) => {
        await ctx.step('before', patient.note, { text: 'before' });
        await ctx.sleepUntil('a while', new Date(ctx.now_ms + WAIT_MS).toISOString());
        await ctx.step('after', patient.note, { text: 'after' });
        return {};
      }),
      toil: process(patient.toil, async (_, ctx) => {
        for (let n = 0; n < TOILS; n += 1) {
          await ctx.step(`toil ${n}`, patient.note, { text: `toil ${n}` });
          ctx.progress(n + 1, TOILS);
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        }
        return {};
      }),
      say: handler(patient.say, (input, ctx) => {
        ctx.emit('q.patient.said.v1', { text: input.text });
        return {};
      }),
    },
    on: {
      'q.patient.said.v1': reaction(patient, 'q.patient.said.v1', async (said, ctx) => {
        await ctx.step('note', patient.note, { text: `heard ${said.data.text}` });
      }),
    },
  });
