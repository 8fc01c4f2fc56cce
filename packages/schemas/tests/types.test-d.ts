import type { InputOf, OutputOf } from '../src/index.ts';
import { everything, type everyWord } from './everyWord.ts';

// Compiled by the type check, never run: the types of a contract reach its users without a cast.
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <_ extends true>(): void => {};

type Echo = InputOf<typeof everyWord.echo>;
same<Equal<Echo['colour'], 'red' | 'green'>>();
same<Equal<Echo['maybe'], string | undefined>>();
same<Equal<Echo['shape']['kind'], 'circle' | 'square'>>();
same<Equal<Echo['counts'], Record<string, number>>>();
same<Equal<OutputOf<typeof everyWord.list>['items'][number]['price'], string>>();
same<Equal<(typeof everyWord.echo)['kind'], 'command'>>();
same<Equal<(typeof everyWord.echo)['emits'][number], 'q.everyword.echoed.v1'>>();

export const accepted: Echo = everything;
// @ts-expect-error a colour that the contract does not name
export const refused: Echo = { ...everything, colour: 'blue' };
// @ts-expect-error money is never a number
export const refusedPrice: Echo = { ...everything, price: 12.34 };
