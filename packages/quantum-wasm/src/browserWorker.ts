import { serve, type Given } from './calls.ts';

/** Of a worker's global scope; Node's types do not declare it. */
declare const addEventListener: (
  kind: 'message',
  hear: (event: { readonly data: Given }) => void,
  options: { readonly once: true },
) => void;

addEventListener('message', ({ data }) => serve(data), { once: true });
