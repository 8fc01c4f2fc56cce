/** Whether a method computes on state vectors, which alone have a choice of executors. */
export const isOfVectors = (method: string): boolean =>
  method === 'statevector' || method === 'trajectories';
