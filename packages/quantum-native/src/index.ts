export { NativeExecutor } from './executor.ts';
export { findNative, type Native, type NativeState } from './native.ts';
