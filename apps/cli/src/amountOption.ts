import { InvalidArgumentError } from 'commander';

/** Reads an amount of the command line: 20rUv, 3.50EUR. */
export function amount(text: string): { amount: string; unit: string } {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]{2,12})$/.exec(text) ?? [];
  if (number === undefined || unit === undefined)
    throw new InvalidArgumentError('an amount reads like 20rUv or 3.50EUR');
  return { amount: number, unit };
}
