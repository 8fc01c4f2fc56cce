/** The methods of simulation, by the names that a task asks for them. */
export const METHODS = [
  'statevector',
  'stabiliser',
  'density',
  'trajectories',
  'mps',
  'sparse',
] as const;

export type Method = (typeof METHODS)[number];
