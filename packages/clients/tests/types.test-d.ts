import type { Result } from '@anarq/common-schemas';
import { everything, everyWord } from '../../schemas/tests/everyWord.ts';
import type { Client } from '../src/index.ts';

// Compiled by the type check, never run: types flow from the contract to the caller without a cast.
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <_ extends true>(): void => {};

export async function typed(client: Client): Promise<void> {
  const echoed = await client.call(everyWord.echo, everything, { idempotencyKey: 'k' });
  same<Equal<typeof echoed.colour, 'red' | 'green'>>();
  same<Equal<typeof echoed.price, string>>();
  same<Equal<typeof echoed.maybe, string | undefined>>();

  const listed = await client.result(everyWord.list, { limit: 10, flag: true });
  same<Equal<typeof listed.status, 'ok' | 'error'>>();
  if (listed.status === 'ok') same<Equal<(typeof listed.data.items)[number]['id'], string>>();
  const widened: Result<unknown> = listed;
  void widened;

  // @ts-expect-error a colour that the contract does not name
  await client.call(everyWord.echo, { ...everything, colour: 'blue' });
  // @ts-expect-error money is never a number
  await client.call(everyWord.echo, { ...everything, price: 12.34 });
  // @ts-expect-error the limit of a page is a number
  await client.call(everyWord.list, { limit: '10' });
  // @ts-expect-error the output has no such member
  void echoed.nothing;
}
