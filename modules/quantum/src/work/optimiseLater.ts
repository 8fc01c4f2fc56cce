import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 compile by Maglev what was called 3,000 times, not 400: of a process that plans one circuit,
 * compiling what is never called that often again took a quarter of the time of planning.
 * Read whenever a function is called, so it may be set while code runs.
 */
export const optimiseLater = (): void => setFlagsFromString('--invocation-count-for-maglev=3000');
