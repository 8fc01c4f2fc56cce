export { wasmExecutor, type WasmOptions, type WasmPool } from './pool.ts';
