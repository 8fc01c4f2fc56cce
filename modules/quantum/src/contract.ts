import { command, contract, event, job, pageInput, query, t, unit } from '@anarq/common-schemas';
import { DRAWING_CHARS_MAX, NAME_CHARS_MAX, RUN_S_MAX } from './limits.ts';
import { metrics } from './metrics.ts';
import {
  Admission,
  Estimate,
  FORMATS,
  Prices,
  RunPage,
  RunPart,
  RunResult,
  RunRecord,
  RUN_METHODS,
  RUN_STATES,
  priorityInput,
  seedInput,
  sourceInput,
  taskInput,
  timeLimit,
} from './models.ts';

const BELL =
  'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;';
/** A text of a million characters, escaped as JSON may escape it. */
const limits = { bodyBytes: 4_194_304, perMinute: 600 } as const;

const runInput = {
  ...sourceInput,
  ...taskInput,
  seed: seedInput(),
  timeLimit_s: timeLimit(),
  priority: priorityInput(),
  name: t.optional(t.string({ maxLength: NAME_CHARS_MAX, description: 'A name of your own.' })),
};
const offer = {
  maxPrice: t.optional(
    t.decimal({ description: 'The most that you pay; absent: nothing. The price may be lower.' }),
  ),
  unit: t.optional(unit()),
};

/** Circuits, simulated by the node: estimated, paid, run, and kept with their provenance. */
export const quantum = contract({
  name: 'quantum',
  version: '1.0.0',
  title: 'Quantum',
  purpose: 'Simulates quantum circuits: estimated before, metered, and reproducible from a seed.',
  dependencies: ['qwallet'],
  metrics,
  operations: {
    estimate: query({
      summary: 'Say what a run would take and cost: method and why, memory, time, price.',
      http: 'POST /estimate',
      mcp: { tool: 'quantum.estimate' },
      scope: 'quantum/estimate',
      limits,
      input: t.object({ ...sourceInput, ...taskInput, timeLimit_s: timeLimit() }),
      output: Estimate,
      errors: ['LIMIT_EXCEEDED'],
      examples: [{ summary: 'A Bell pair', input: { text: BELL, shots: 1_000 } }],
    }),

    run: job({
      summary: 'Run a circuit: admitted by memory, paid by what it takes, with the result kept.',
      http: 'POST /runs',
      mcp: { tool: 'quantum.run', destructive: true },
      scope: 'quantum/run',
      signature: 'full',
      authorises: { amount: 'maxPrice', unit: 'unit' },
      limits,
      uses: [
        'quantum.admit',
        'quantum.drop',
        'quantum.keep',
        'qwallet.reserve',
        'qwallet.capture',
        'qwallet.void',
      ],
      input: t.object({ ...runInput, ...offer }),
      output: RunResult,
      errors: [
        'LIMIT_EXCEEDED',
        'PRICE_ABOVE_LIMIT',
        'AMOUNT_INVALID',
        'INSUFFICIENT_FUNDS',
        'STATE_CONFLICT',
        'CANCELLED',
        'DEADLINE_EXCEEDED',
      ],
      emits: ['q.quantum.job.completed.v1'],
      // What waits in the queue waits beside what it takes itself.
      job: { deadline_ms: 4 * RUN_S_MAX * 1_000 },
      examples: [
        {
          summary: 'A Bell pair for at most a tenth of a voucher',
          input: { text: BELL, shots: 1_000, seed: '7', maxPrice: '0.1', unit: 'rUv' },
        },
      ],
    }),

    admit: command({
      summary: 'First step of a run: read the circuit, choose method and seed, fix the price.',
      http: 'POST /runs/admit',
      mcp: false,
      scope: 'quantum/run',
      limits,
      input: t.object({ ...runInput, ...offer }),
      output: Admission,
      errors: ['LIMIT_EXCEEDED', 'PRICE_ABOVE_LIMIT', 'AMOUNT_INVALID', 'STATE_CONFLICT'],
      examples: [{ summary: 'As quantum.run calls it', input: { text: BELL } }],
    }),

    drop: command({
      summary: 'Undo of the first step of a run: it has stopped, and is charged nothing.',
      http: 'POST /runs/{runId}/drop',
      mcp: false,
      resource: 'run/{runId}',
      scope: 'quantum/run',
      input: t.object({ runId: t.id() }),
      output: t.object({ runId: t.id() }),
      errors: ['STATE_CONFLICT'],
      emits: ['q.quantum.job.stopped.v1'],
      examples: [{ summary: 'As quantum.run calls it', input: { runId: 'run_0' } }],
    }),

    keep: command({
      summary: 'Last step of a run before it is paid: its result is kept, its use measured.',
      http: 'POST /runs/{runId}/keep',
      mcp: false,
      resource: 'run/{runId}',
      scope: 'quantum/run',
      input: t.object({ runId: t.id() }),
      output: RunResult,
      errors: ['STATE_CONFLICT'],
      examples: [{ summary: 'As quantum.run calls it', input: { runId: 'run_0' } }],
    }),

    result: query({
      summary: 'Read the result of a run, with further outcomes page by page.',
      http: 'GET /runs/{runId}/result',
      mcp: { tool: 'quantum.result' },
      resource: 'run/{runId}',
      scope: 'quantum/read',
      input: t.object({ runId: t.id(), ...pageInput }),
      output: RunPart,
      errors: ['STATE_CONFLICT'],
      examples: [{ summary: 'One result', input: { runId: 'run_0' } }],
    }),

    runs: query({
      summary: 'List your runs with their states and prices, newest first.',
      http: 'GET /runs',
      mcp: { tool: 'quantum.runs' },
      scope: 'quantum/read',
      input: t.object({
        state: t.optional(t.enum(RUN_STATES, { description: 'Only runs that are so.' })),
        method: t.optional(t.enum(RUN_METHODS, { description: 'Only runs by this method.' })),
        ...pageInput,
      }),
      output: RunPage,
      examples: [
        { summary: 'The last ten', input: { limit: 10 } },
        { summary: 'Those that wait', input: { state: 'QUEUED' } },
      ],
    }),

    get: query({
      summary: 'Read one run as it is recorded: its circuit, state, priority, and its result.',
      http: 'GET /runs/{runId}',
      mcp: { tool: 'quantum.get' },
      resource: 'run/{runId}',
      scope: 'quantum/read',
      input: t.object({ runId: t.id() }),
      output: RunRecord,
      examples: [{ summary: 'One run', input: { runId: 'run_0' } }],
    }),

    draw: query({
      summary: 'Draw a circuit as text or as SVG.',
      http: 'POST /draw',
      mcp: { tool: 'quantum.draw' },
      essential: false,
      scope: 'quantum/estimate',
      limits,
      input: t.object({
        text: sourceInput.text,
        format: sourceInput.format,
        as: t.optional(t.enum(['text', 'svg'], { description: 'Default: text.' })),
      }),
      output: t.object({ drawing: t.string({ maxLength: DRAWING_CHARS_MAX }) }),
      errors: ['LIMIT_EXCEEDED'],
      examples: [{ summary: 'A Bell pair', input: { text: BELL } }],
    }),

    convert: query({
      summary: 'Write a circuit in another format.',
      http: 'POST /convert',
      mcp: { tool: 'quantum.convert' },
      essential: false,
      scope: 'quantum/estimate',
      limits,
      input: t.object({
        text: sourceInput.text,
        format: sourceInput.format,
        to: t.enum(FORMATS),
      }),
      output: t.object({
        text: t.string({ maxLength: DRAWING_CHARS_MAX }),
        format: t.enum(FORMATS),
      }),
      errors: ['LIMIT_EXCEEDED'],
      examples: [{ summary: 'OpenQASM 2 to 3', input: { text: BELL, to: 'qasm3' } }],
    }),

    prices: query({
      summary: 'What runs cost on this node.',
      http: 'GET /prices',
      mcp: { tool: 'quantum.prices' },
      access: 'tenant',
      scope: 'quantum/estimate',
      input: t.object({}),
      output: Prices,
      examples: [{ summary: 'The price list', input: {} }],
    }),

    setPrices: command({
      summary: 'Set what runs cost from now on; for the operator, who is paid.',
      http: 'PUT /prices',
      resource: 'node',
      scope: 'quantum/set-prices',
      signature: 'full',
      input: Prices,
      output: Prices,
      errors: ['AMOUNT_INVALID'],
      examples: [
        {
          summary: 'A thousandth of a voucher a run, and as much a gibibyte and second',
          input: { unit: 'rUv', perJob: '0.001', perSecond: '0', perGibSecond: '0.001' },
        },
      ],
    }),
  },
  events: {
    'q.quantum.job.completed.v1': event({
      summary: 'A run has its result, and was paid.',
      subject: 'runId',
      schema: t.object({
        runId: t.id(),
        circuitHash: t.string({ maxLength: 64 }),
        method: t.string({ maxLength: 40 }),
        shots: t.integer({ minimum: 0 }),
        memory_bytes: t.integer({ minimum: 0 }),
        duration_ms: t.number({ minimum: 0 }),
        price: t.decimal(),
        unit: unit(),
      }),
    }),
    'q.quantum.job.stopped.v1': event({
      summary: 'A run was stopped before its end, and is charged nothing.',
      subject: 'runId',
      schema: t.object({ runId: t.id() }),
    }),
  },
});
