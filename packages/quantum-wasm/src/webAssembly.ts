/** What is used of WebAssembly; Node's types do not declare it. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

/** A compiled module; it is passed on, never looked into. */
export type WasmModule = object;

interface WasmPages {
  readonly initial: number;
  readonly maximum: number;
}

interface WasmNamespace {
  readonly Memory: {
    new (options: WasmPages & { readonly shared: true }): WasmMemory;
    new (options: WasmPages): { readonly buffer: ArrayBuffer };
  };
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly compile: (bytes: Uint8Array) => Promise<WasmModule>;
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

declare global {
  var WebAssembly: WasmNamespace;
}

/** Bytes of a binary that is kept as base64; Node and browsers have no newer word for it in common. */
export const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** The function `run` of the kernels: tape, end, scratch, thread, threads, barrier. */
export type RunKernel = (
  tape: number,
  end: number,
  scratch: number,
  thread: number,
  threads: number,
  barrier: number,
) => void;

/** Binds compiled kernels to a memory. */
export function runOf(module: WasmModule, memory: WasmMemory): RunKernel {
  const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  if (typeof run !== 'function') throw new TypeError('the module exports no run');
  // The kernels' only export, declared in kernels/run.as.
  return run as RunKernel;
}
