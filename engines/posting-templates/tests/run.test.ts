import { describe, expect, it } from 'vitest';
import { completed, moved } from './support.ts';

describe('sources', () => {
  it('give in order, each what it has, and the same account nothing twice', () => {
    const text = 'send [USD 100] ( source = { @a @b @a @world } destination = @shop )';
    expect(moved(text, { balances: { 'a USD': 30n, 'b USD': 20n } })).toEqual([
      'a -> shop 30 USD',
      'b -> shop 20 USD',
      'world -> shop 50 USD',
    ]);
  });

  it('give no more than a cap, of a block as of an account', () => {
    const text = 'send [USD 9] ( source = { max [USD 5] from { @a @b } @c } destination = @shop )';
    expect(moved(text, { balances: { 'a USD': 2n, 'b USD': 9n, 'c USD': 9n } })).toEqual([
      'a -> shop 2 USD',
      'b -> shop 3 USD',
      'c -> shop 4 USD',
    ]);
  });

  it('owe what an overdraft allows, and the world whatever it is', () => {
    const balances = { 'a USD': 3n };
    const from = (source: string): string[] =>
      moved(`send [USD 10] ( source = ${source} destination = @b )`, { balances });
    expect(from('{ @a allowing overdraft up to [USD 4] @world }')).toEqual([
      'a -> b 7 USD',
      'world -> b 3 USD',
    ]);
    expect(from('@a allowing unbounded overdraft')).toEqual(['a -> b 10 USD']);
    expect(from('@world')).toEqual(['world -> b 10 USD']);
  });

  it('are tried one after the other where one of them is asked for, and a failed try leaves nothing', () => {
    const text = `send [USD 10] (
      source = oneof {
        { 1/2 from @a 1/2 from @b }
        { @a @b }
        { @c @a }
      }
      destination = @shop
    )`;
    expect(moved(text, { balances: { 'a USD': 5n, 'b USD': 5n } })).toEqual([
      'a -> shop 5 USD',
      'b -> shop 5 USD',
    ]);
    expect(moved(text, { balances: { 'a USD': 8n, 'b USD': 2n } })).toEqual([
      'a -> shop 8 USD',
      'b -> shop 2 USD',
    ]);
    expect(moved(text, { balances: { 'a USD': 9n, 'c USD': 4n } })).toEqual([
      'c -> shop 4 USD',
      'a -> shop 6 USD',
    ]);
  });

  it('change other scales only in the try that succeeds', () => {
    const text = `send [EUR/2 100] (
      source = oneof { @a with scaling through @swap @b }
      destination = @shop
    )
    send [EUR *] ( source = @a destination = @rest )`;
    expect(moved(text, { balances: { 'a EUR/3': 999n, 'a EUR': 0n, 'b EUR/2': 100n } })).toEqual([
      'b -> shop 100 EUR/2',
    ]);
    expect(moved(text, { balances: { 'a EUR/3': 50n, 'a EUR': 3n } })).toEqual([
      'a -> swap 50 EUR/3',
      'a -> swap 1 EUR',
      'swap -> a 105 EUR/2',
      'a -> shop 100 EUR/2',
      'a -> rest 2 EUR',
    ]);
  });

  it('keep back what is saved, more with each save, and what comes in later is free', () => {
    const text = `
      save [USD 10] from @a
      save [USD 5] from @a
      send [USD *] ( source = @a destination = @b )
      send [USD 7] ( source = @world destination = @a )
      send [USD *] ( source = @a destination = @c )`;
    expect(moved(text, { balances: { 'a USD': 20n } })).toEqual([
      'a -> b 5 USD',
      'world -> a 7 USD',
      'a -> c 7 USD',
    ]);
  });
});

describe('destinations', () => {
  it('get what is left of a division one by one from the top', () => {
    const to = (...portions: readonly string[]): string[] =>
      moved(
        `send [USD 99] ( source = @world destination = { ${portions
          .map((portion, index) => `${portion} to @d${index}`)
          .join(' ')} } )`,
      );
    expect(to('50%', '50%')).toEqual(['world -> d0 50 USD', 'world -> d1 49 USD']);
    expect(to('1/5', '1/5', '1/5', '1/5', '1/5')).toEqual([
      'world -> d0 20 USD',
      'world -> d1 20 USD',
      'world -> d2 20 USD',
      'world -> d3 20 USD',
      'world -> d4 19 USD',
    ]);
  });

  it('get a unit that is left also where the first share is exact, as the documentation says', () => {
    expect(
      moved(`send [EUR/2 1999] (
        source = @world
        destination = { 7/1999 to @provider 0.6% to @provider 0.5% to @franchise remaining to @store }
      )`),
    ).toEqual([
      'world -> provider 8 EUR/2',
      'world -> provider 12 EUR/2',
      'world -> franchise 9 EUR/2',
      'world -> store 1970 EUR/2',
    ]);
  });

  it('get nothing for a portion of nothing, also where units are left over', () => {
    expect(
      moved(
        'send [USD 5] ( source = @world destination = { 0% to @a 1/2 to @b remaining to @c } )',
      ),
    ).toEqual(['world -> b 3 USD', 'world -> c 2 USD']);
  });

  it('take remaining from any place of a list', () => {
    expect(
      moved(
        'send [USD 10] ( source = @world destination = { remaining to @a 1/5 to @b 30% kept } )',
      ),
    ).toEqual(['world -> a 5 USD', 'world -> b 2 USD']);
  });

  it('leave what is kept to whom it would have come from, in the order of the sources', () => {
    const text = `
      send [USD *] (
        source = { @a @b }
        destination = { max [USD 3] to @x max [USD 4] kept remaining to @y }
      )
      send [USD *] ( source = { @a @b } destination = @z )`;
    expect(moved(text, { balances: { 'a USD': 5n, 'b USD': 6n } })).toEqual([
      'a -> x 3 USD',
      'b -> y 4 USD',
      'a -> z 2 USD',
      'b -> z 2 USD',
    ]);
  });

  it('take all or nothing where one of them is asked for', () => {
    const to = (amount: number): string[] =>
      moved(`send [USD ${amount}] (
        source = @world
        destination = oneof { max [USD 5] to @a max [USD 50] to { 1/2 to @b 1/2 to @c } remaining kept }
      )`);
    expect(to(5)).toEqual(['world -> a 5 USD']);
    expect(to(6)).toEqual(['world -> b 3 USD', 'world -> c 3 USD']);
    expect(to(51)).toEqual([]);
  });

  it('are sources of the statements after', () => {
    const text = `
      send [USD 5] ( source = @world destination = @a )
      send balance(@a, USD) ( source = @a destination = @b )`;
    expect(moved(text)).toEqual(['world -> a 5 USD', 'a -> b 5 USD']);
  });

  it('get the colour with the funds', () => {
    const text = `
      send [USD 5] ( source = { @a \\ "RED" @a } destination = @b )
      send [USD *] ( source = { @b @b \\ "RED" } destination = @c )`;
    expect(moved(text, { balances: { 'a USD': 9n, 'a USD RED': 2n } })).toEqual([
      'a -> b 2 USD RED',
      'a -> b 3 USD',
      'b -> c 3 USD',
      'b -> c 2 USD RED',
    ]);
  });
});

describe('amounts', () => {
  it('are exact beyond what floating point can tell apart', () => {
    const text = 'vars { number $n } send [USD/2 $n] ( source = @world destination = @a )';
    expect(moved(text, { variables: { n: '99999223372036854775807' } })).toEqual([
      'world -> a 99999223372036854775807 USD/2',
    ]);
  });

  it('are added, subtracted and grouped', () => {
    const text = `
      vars { monetary $m = [USD 10] - ([USD 1] + [USD 2]) }
      send $m + [USD 1_000 - 1] ( source = @world destination = @a )`;
    expect(moved(text)).toEqual(['world -> a 1006 USD']);
  });

  it('make a portion of any sign where they are divided', () => {
    const { transactionMetadata } = completed(
      'set_tx_meta("a", 2/-4) set_tx_meta("b", -2/-4) set_tx_meta("c", 0/-9)',
    );
    expect([...transactionMetadata.values()]).toEqual(['-1/2', '1/2', '0/1']);
  });

  it('are told apart into number and asset', () => {
    const text = `
      vars { monetary $m asset $a = get_asset($m) number $n = get_amount($m) }
      send [$a $n + 1] ( source = @world destination = @a )`;
    expect(moved(text, { variables: { m: 'EUR/2 41' } })).toEqual(['world -> a 42 EUR/2']);
  });
});

describe('metadata', () => {
  it('are read as the type of the variable, and written as what is read', () => {
    const text = `
      vars {
        account $sale
        account $merchant = meta($sale, "merchant")
        portion $fee = meta($merchant, "fee")
        monetary $price = meta($sale, "price")
      }
      send $price ( source = @world destination = { $fee to @fees remaining to $merchant } )
      set_tx_meta("fee", $fee)
      set_tx_meta("price", $price)
      set_tx_meta("a \\"quoted\\" \\\\ key", "x")
      set_account_meta($sale, "paid", 1/1)
      set_account_meta($sale, "paid", @yes)`;
    const given = {
      variables: { sale: 'sales:1' },
      metadata: {
        'sales:1': { merchant: 'shops:7', price: 'USD/2 200' },
        'shops:7': { fee: '12.5%' },
      },
    };
    const result = completed(text, given);
    expect(moved(text, given)).toEqual(['world -> fees 25 USD/2', 'world -> shops:7 175 USD/2']);
    expect([...result.transactionMetadata]).toEqual([
      ['fee', '1/8'],
      ['price', 'USD/2 200'],
      ['a "quoted" \\ key', 'x'],
    ]);
    expect(result.accountMetadata.get('sales:1')?.get('paid')).toBe('yes');
  });

  it('take keys and accounts that objects have by themselves', () => {
    const text = 'set_tx_meta("__proto__", 1) set_account_meta(@__proto__, "constructor", 2)';
    const result = completed(text);
    expect([...result.transactionMetadata]).toEqual([['__proto__', '1']]);
    expect(result.accountMetadata.get('__proto__')?.get('constructor')).toBe('2');
  });
});
