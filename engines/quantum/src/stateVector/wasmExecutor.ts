import type { Executor } from './executor.ts';
import { STATE_ALIGNMENT, type Precision, type Reals } from './layout.ts';
import type { Plan } from './plan.ts';
import { assemble, overlapTape, THREAD_BYTES, weightsTape, type Place, type Tape } from './tape.ts';

/** A call of the kernels' `run`, to be made by all threads at once; all numbers are addresses or bytes. */
export interface KernelCall {
  readonly tape: number;
  readonly end: number;
  /** Thread j has its scratch at `scratch + j * scratchBytes`. */
  readonly scratch: number;
  readonly scratchBytes: number;
}

/** The part of a WebAssembly.Memory that is used here. */
interface KernelMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

/** The memory that kernels work in, and who calls them. */
export interface KernelHost {
  /** Shared; it grows when states or tapes need it. */
  readonly memory: KernelMemory;
  readonly threads: number;
  /** Makes the call on all threads, and returns when all have returned. */
  readonly call: (call: KernelCall) => void;
}

/** Below this address the memory is the host's, for barrier and commands to workers. */
const HOST_BYTES = 4096;
const PAGE_BYTES = 65_536;
/** What a memory of 32-bit addresses holds. */
const WASM_BYTES_MAX = 2 ** 32 - PAGE_BYTES;
/** Amplitudes that are added up in one number before numbers are added. */
const CHUNK = 12;

interface Region {
  readonly start: number;
  readonly end: number;
}

/**
 * Runs plans by the WASM kernels; the caller compiles them and brings the threads. A memory of WASM never
 * shrinks: what a released state took is for the next one. One state has at most 28 qubits in f32 and 27 in
 * f64, two have one less.
 */
export class WasmExecutor implements Executor {
  readonly name: string;
  readonly tileQubits: number;
  readonly #host: KernelHost;
  readonly #precision: Precision;
  #states: Region[] = [];

  /** @param kernels which ones the host calls; its name says so */
  constructor(
    host: KernelHost,
    { precision, strict }: { readonly precision: Precision; readonly strict: boolean },
  ) {
    this.#host = host;
    this.#precision = precision;
    this.name = `wasm ${precision}${strict ? ' strict' : ''}, ${host.threads} thread${host.threads === 1 ? '' : 's'}`;
    // 256 KiB: with what is read beside it, less than the second-level cache of a core.
    this.tileQubits = precision === 'f32' ? 15 : 14;
  }

  allocate(qubits: number): Reals {
    const numbers = 2 ** (qubits + 1);
    const bytes = numbers * (this.#precision === 'f32' ? 4 : 8);
    const start = this.#gap(bytes);
    this.#reach(start + bytes);
    this.#states.push({ start, end: start + bytes });
    this.#states.sort((a, b) => a.start - b.start);
    const { buffer } = this.#host.memory;
    const state =
      this.#precision === 'f32'
        ? new Float32Array(buffer, start, numbers)
        : new Float64Array(buffer, start, numbers);
    state.fill(0);
    state[0] = 1;
    return state;
  }

  release(state: Reals): void {
    this.#states = this.#states.filter(({ start }) => start !== state.byteOffset);
  }

  run(state: Reals, plan: Plan): void {
    this.#call(assemble(plan, this.#place(state.byteOffset, this.#room())));
  }

  weights(state: Reals, chunk: number): Float64Array {
    const qubits = Math.log2(state.length) - 1;
    return this.#sums(2 ** (qubits - chunk), (out, base) =>
      weightsTape(qubits, chunk, out, this.#place(state.byteOffset, base)),
    );
  }

  overlap(left: Reals, right: Reals, x: number, z: number): readonly [number, number] {
    const qubits = Math.log2(left.length) - 1;
    const chunk = Math.min(CHUNK, qubits);
    const between = { left: left.byteOffset, right: right.byteOffset, x, z };
    const sums = this.#sums(2 * 2 ** (qubits - chunk), (out, base) =>
      overlapTape(qubits, chunk, between, out, this.#place(0, base)),
    );
    let [re, im] = [0, 0];
    for (let k = 0; k < sums.length; k += 2) {
      re += sums[k]!;
      im += sums[k + 1]!;
    }
    return [re, im];
  }

  #place(state: number, base: number): Place {
    return { precision: this.#precision, state, base };
  }

  /** Runs a tape that puts `count` numbers out. */
  #sums(count: number, tapeOf: (out: number, base: number) => Tape): Float64Array {
    const out = this.#room();
    this.#call(tapeOf(out, aligned(out + 8 * count)));
    return new Float64Array(this.#host.memory.buffer, out, count).slice();
  }

  #call(tape: Tape): void {
    const { threads, memory, call } = this.#host;
    const scratch = aligned(tape.end);
    const scratchBytes = aligned(THREAD_BYTES + tape.tileBytes);
    this.#reach(scratch + threads * scratchBytes);
    new Uint8Array(memory.buffer, tape.base, tape.bytes.length).set(tape.bytes);
    call({ tape: tape.start, end: tape.end, scratch, scratchBytes });
  }

  /** Behind all states: free between calls. */
  #room(): number {
    return this.#states.at(-1)?.end ?? HOST_BYTES;
  }

  /** The first place between states, or behind them, for so many bytes. */
  #gap(bytes: number): number {
    let start = HOST_BYTES;
    for (const state of this.#states) {
      if (state.start - start >= bytes) break;
      start = state.end;
    }
    return start;
  }

  /** @throws RangeError where the memory cannot grow so far */
  #reach(end: number): void {
    const { memory } = this.#host;
    const missing = end - memory.buffer.byteLength;
    if (missing <= 0) return;
    if (end > WASM_BYTES_MAX)
      throw new RangeError(
        `States and what runs on them would take ${end} bytes; a WASM memory has at most ${WASM_BYTES_MAX}.`,
      );
    memory.grow(Math.ceil(missing / PAGE_BYTES));
  }
}

const aligned = (address: number): number => Math.ceil(address / STATE_ALIGNMENT) * STATE_ALIGNMENT;
