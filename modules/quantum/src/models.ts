import { page, t, unit } from '@anarq/common-schemas';
import {
  BITS_SHOWN_MAX,
  NAME_CHARS_MAX,
  OBSERVABLE_CHARS_MAX,
  OBSERVABLES_MAX,
  OUTCOMES_MAX,
  OUTCOMES_SHOWN_MAX,
  PARAMETERS_MAX,
  PRIORITY_DEFAULT,
  PRIORITY_MAX,
  REGISTERS_SHOWN_MAX,
  RUN_S_MAX,
  SHOTS_DEFAULT,
  SHOTS_MAX,
  TEXT_CHARS_MAX,
  THREADS_MAX,
} from './limits.ts';

export const FORMATS = ['qasm2', 'qasm3', 'stim', 'circuit'] as const;
export type Format = (typeof FORMATS)[number];

/** Ways to simulate a circuit. */
export const RUN_METHODS = [
  'statevector',
  'stabiliser',
  'density',
  'trajectories',
  'mps',
  'sparse',
] as const;
/** The same as a caller names them. */
const METHODS = ['automatic', ...RUN_METHODS] as const;
export type MethodName = (typeof METHODS)[number];

/** What computes, as the names of executors begin. */
export const EXECUTORS = ['native', 'wasm', 'typescript'] as const;

export const RUN_STATES = ['QUEUED', 'RUNNING', 'SETTLING', 'DONE', 'STOPPED'] as const;

const method = () => t.string({ maxLength: 40 });
const bytes = (description: string) => t.integer({ minimum: 0, description });
const time = (description: string) => t.number({ minimum: 0, description });
const why = () => t.string({ maxLength: 1_000, description: 'Why this method, in words.' });
const seed = (description: string) => t.string({ maxLength: 20, description });
const precision = () =>
  t.enum(['f32', 'f64'], { description: 'Of one real number of the state; default: f64.' });

/** The circuit that is asked about. */
export const sourceInput = {
  text: t.string({
    minLength: 1,
    maxLength: TEXT_CHARS_MAX,
    description: 'OpenQASM 2 or 3, a .stim file, or a circuit as JSON.',
  }),
  format: t.optional(t.enum(FORMATS, { description: 'Absent: told by the text.' })),
  parameters: t.optional(
    t.map(t.number(), {
      maxEntries: PARAMETERS_MAX,
      description: 'Values of the inputs that the circuit leaves open, by name.',
    }),
  ),
  noise: t.optional(
    t.number({
      minimum: 0,
      maximum: 1,
      description:
        'Depolarising probability after each gate, and readout error of each measurement.',
    }),
  ),
  noiseModel: t.optional(
    t.json({
      maxBytes: 16_384,
      description: 'Which noise goes where, in place of `noise`: afterGate1, measurementFlip, …',
    }),
  ),
};

/** What is asked of it. */
export const taskInput = {
  shots: t.optional(
    t.integer({
      minimum: 0,
      maximum: SHOTS_MAX,
      description: `How often it is run and measured; default: ${SHOTS_DEFAULT}, and 0 where only observables are asked for.`,
    }),
  ),
  observables: t.optional(
    t.array(t.string({ minLength: 1, maxLength: OBSERVABLE_CHARS_MAX }), {
      maxItems: OBSERVABLES_MAX,
      description: 'Sums of Pauli products whose expectation values are asked for: 0.5*Z0 Z1 - X2',
    }),
  ),
  method: t.optional(t.enum(METHODS, { description: 'Default: automatic.' })),
  precision: t.optional(precision()),
  threads: t.optional(t.integer({ minimum: 1, maximum: THREADS_MAX })),
  strict: t.optional(
    t.boolean({
      description:
        'The same bits on every machine and with any number of threads, which takes longer; default: false.',
    }),
  ),
};

const priority = () =>
  t.integer({
    minimum: 0,
    maximum: PRIORITY_MAX,
    description: `The higher, the sooner among the runs of its owner; default: ${PRIORITY_DEFAULT}. It passes nobody else's, and costs nothing.`,
  });
export const priorityInput = () => t.optional(priority());

const Register = t.named(
  'CircuitRegister',
  t.object({
    name: t.string({ maxLength: 1_024 }),
    size: t.integer({ minimum: 0 }),
  }),
);

const CircuitFacts = t.named(
  'CircuitFacts',
  t.object({
    circuitHash: t.string({
      maxLength: 64,
      description: 'SHA-256 of the canonical JSON of the circuit as it was read.',
    }),
    format: t.enum(FORMATS),
    qubits: t.integer({ minimum: 0 }),
    bits: t.integer({ minimum: 0 }),
    instructions: t.integer({ minimum: 0 }),
    registers: t.array(Register, {
      maxItems: REGISTERS_SHOWN_MAX,
      description: 'Bit registers in the order of an outcome, each with its highest bit first.',
    }),
    measuresAll: t.boolean({
      description: 'It measures nothing itself, so all qubits are measured at its end.',
    }),
  }),
);

const Alternative = t.named(
  'MethodAlternative',
  t.object({
    method: method(),
    isPossible: t.boolean(),
    why: why(),
    memory_bytes: t.optional(bytes('What it would take.')),
    duration_ms: t.optional(time('How long it would take, as far as can be told.')),
  }),
);

const money = {
  price: t.decimal({ description: 'What it costs.' }),
  unit: unit(),
};

export const Estimate = t.named(
  'RunEstimate',
  t.object({
    circuit: CircuitFacts,
    shots: t.integer({ minimum: 0 }),
    method: method(),
    why: why(),
    precision: precision(),
    memory_bytes: bytes('What is reserved while it runs.'),
    duration_ms: time('An estimate, from the size of the circuit.'),
    timeLimit_ms: time('After this it is stopped.'),
    ...money,
    maxPrice: t.decimal({
      description:
        'What is held before it runs, and the most it can cost: its price at timeLimit_ms.',
    }),
    isAdmissible: t.boolean({ description: 'Whether it fits into what the node gives to runs.' }),
    memoryLimit_bytes: bytes('What the node gives to all runs at once.'),
    alternatives: t.array(Alternative, { maxItems: 16 }),
  }),
);

const Outcome = t.named(
  'MeasuredOutcome',
  t.object({
    bits: t.string({
      maxLength: BITS_SHOWN_MAX,
      description: 'Highest index of a register first.',
    }),
    count: t.integer({ minimum: 1 }),
  }),
);

const Expectation = t.named(
  'ExpectationValue',
  t.object({
    observable: t.string({ maxLength: OBSERVABLE_CHARS_MAX }),
    value: t.number(),
    standardError: t.number({ minimum: 0, description: '0 where the value was computed.' }),
  }),
);

const Provenance = t.named(
  'RunProvenance',
  t.object({
    circuitHash: t.string({ maxLength: 64 }),
    resultHash: t.string({
      maxLength: 64,
      description: 'SHA-256 of all counts and values; a run with the same seed has the same.',
    }),
    engineVersion: t.string({ maxLength: 80 }),
    executor: t.string({ maxLength: 80, description: 'The kernels that computed it.' }),
    strict: t.optional(
      t.boolean({
        description: 'Whether its bits are those of every machine; runs of before do not say.',
      }),
    ),
    method: method(),
    seed: seed('As in the run.'),
    precision: precision(),
    shots: t.integer({ minimum: 0 }),
    noise: t.optional(t.json({ description: 'As it was asked for.' })),
  }),
);

const resultMembers = {
  circuit: CircuitFacts,
  shots: t.integer({ minimum: 0 }),
  outcomes: t.integer({ minimum: 0, description: 'How many different outcomes there were.' }),
  counts: t.array(Outcome, {
    maxItems: OUTCOMES_SHOWN_MAX,
    description: `The most frequent first; of a run at most ${OUTCOMES_MAX} are kept.`,
  }),
  expectations: t.array(Expectation, { maxItems: OBSERVABLES_MAX }),
  discardedWeight: t.optional(
    t.number({ description: 'Of mps: the sum of the squared singular values that were cut off.' }),
  ),
  method: method(),
  why: why(),
  precision: precision(),
  seed: seed('With the same one, the same circuit has the same result.'),
  memory_bytes: bytes('What was reserved while it ran.'),
  duration_ms: time('What it took, as it was measured and charged.'),
  provenance: Provenance,
};

export const RunResult = t.named(
  'RunResult',
  t.object({ runId: t.id(), ...money, ...resultMembers }),
);

const Run = t.named(
  'CircuitRun',
  t.object({
    runId: t.id(),
    jobId: t.id({ description: 'Under which node.job knows it.' }),
    name: t.optional(t.string({ maxLength: NAME_CHARS_MAX })),
    state: t.enum(RUN_STATES, {
      description:
        'STOPPED: cancelled, refused or failed, with nothing charged; node.job says why.',
    }),
    owner: t.did(),
    ranBy: t.did({ description: 'Who asked for it on their behalf, or the owner.' }),
    priority: priority(),
    circuitHash: t.string({ maxLength: 64 }),
    qubits: t.integer({ minimum: 0 }),
    shots: t.integer({ minimum: 0 }),
    method: method(),
    memory_bytes: bytes('What is reserved while it runs.'),
    estimated_ms: time('As it was estimated.'),
    duration_ms: t.optional(time('What it took.')),
    held: t.decimal({ description: 'What was held before it ran.' }),
    price: t.optional(t.decimal({ description: 'What it cost.' })),
    unit: unit(),
    createdAt: t.instant(),
  }),
);
export const RunPage = page(Run);

/** A run as it is recorded. */
export const RunRecord = t.named(
  'CircuitRunRecord',
  t.object({
    run: Run,
    order: t.optional(t.named('CircuitRunOrder', t.object({ ...sourceInput, ...taskInput }))),
    result: t.optional(RunResult),
  }),
);

export const RunPart = t.named(
  'RunResultPart',
  t.object({
    runId: t.id(),
    jobId: t.id(),
    ...money,
    ...resultMembers,
    next: t.optional(t.cursor({ description: 'Pass as cursor to read further outcomes.' })),
  }),
);

export const Prices = t.named(
  'RunPrices',
  t.object({
    unit: unit(),
    perJob: t.decimal({ description: 'Of a run that ends well.' }),
    perSecond: t.decimal({ description: 'Of a second that it computes.' }),
    perGibSecond: t.decimal({
      description: 'Of a gibibyte of memory that is reserved for a second.',
    }),
  }),
);

export const Admission = t.named(
  'RunAdmission',
  t.object({
    runId: t.id(),
    seed: seed('Given, or chosen by the node.'),
    shots: t.integer({ minimum: 0 }),
    method: t.enum(METHODS),
    why: why(),
    memory_bytes: bytes('What is reserved while it runs.'),
    timeLimit_ms: time('After this it is stopped.'),
    hold: t.decimal({ description: 'What is held; 0 where it is free.' }),
    unit: unit(),
    payee: t.did(),
  }),
);

export const timeLimit = () =>
  t.optional(
    t.integer({
      minimum: 1,
      maximum: RUN_S_MAX,
      description: 'Seconds that it may compute; default: as its estimate suggests.',
    }),
  );
export const seedInput = () =>
  t.optional(seed('From 0 to 2^64 - 1; absent: the node chooses one.'));
