import fc from 'fast-check';

/** Random templates as text, with what a test has to know about them. */
export interface Drawn {
  readonly text: string;
  readonly sentMinor: bigint | 'all';
  /** Largest overdraft named for an account; 'unbounded' where one is. */
  readonly overdrafts: ReadonlyMap<string, bigint | 'unbounded'>;
  readonly balances: Readonly<Record<string, bigint>>;
  readonly keeps: boolean;
}

export const ACCOUNTS = ['a', 'b', 'c', 'd'] as const;
export const SINKS = ['x', 'y', 'z'] as const;

const small = fc.bigInt({ min: 0n, max: 40n });

/** Parts of a whole, as fractions that add up to one; the last may say remaining. */
const portions = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }), fc.boolean())
  .filter(([weights]) => weights.some((weight) => weight > 0))
  .map(([weights, remaining]) => {
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight, index) =>
      remaining && index === weights.length - 1 ? 'remaining' : `${weight}/${sum}`,
    );
  });

const account = fc
  .tuple(
    fc.constantFrom(...ACCOUNTS),
    fc.oneof(
      fc.constant(''),
      fc.constant(' allowing unbounded overdraft'),
      small.map((amount) => ` allowing overdraft up to [USD ${amount}]`),
    ),
  )
  .map(([name, overdraft]) => `@${name}${overdraft}`);

const { source } = fc.letrec<{ source: string }>((tie) => ({
  source: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    account,
    fc.tuple(small, tie('source')).map(([cap, inner]) => `max [USD ${cap}] from ${inner}`),
    fc.array(tie('source'), { maxLength: 3 }).map((inner) => `{ ${inner.join(' ')} }`),
    fc
      .array(tie('source'), { minLength: 1, maxLength: 3 })
      .map((inner) => `oneof { ${inner.join(' ')} }`),
    fc
      .tuple(portions, fc.array(tie('source'), { minLength: 4, maxLength: 4 }))
      .map(([parts, inner]) => `{ ${parts.map((p, i) => `${p} from ${inner[i]}`).join(' ')} }`),
  ),
}));

const { destination } = fc.letrec<{ destination: string; receiver: string }>((tie) => ({
  receiver: fc.oneof(
    { depthSize: 'small' },
    fc.constant('kept'),
    tie('destination').map((inner) => `to ${inner}`),
  ),
  destination: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...SINKS).map((name) => `@${name}`),
    fc
      .tuple(
        fc.constantFrom('', 'oneof '),
        fc.array(fc.tuple(small, tie('receiver')), { maxLength: 2 }),
        tie('receiver'),
      )
      // Without a cap, oneof has one choice; a block is read as portions then, with the same end.
      .map(
        ([oneof, capped, last]) =>
          `${oneof}{ ${capped.map(([cap, to]) => `max [USD ${cap}] ${to}`).join(' ')} remaining ${last} }`,
      ),
    fc
      .tuple(portions, fc.array(tie('receiver'), { minLength: 4, maxLength: 4 }))
      .map(([parts, inner]) => `{ ${parts.map((p, i) => `${p} ${inner[i]}`).join(' ')} }`),
  ),
}));

/** What is said about overdrafts in a text that account above wrote. */
function overdraftsOf(text: string): Map<string, bigint | 'unbounded'> {
  const found = new Map<string, bigint | 'unbounded'>();
  for (const [, name = '', kind = '', amount = '0'] of text.matchAll(
    /@([abcd])(?: allowing (unbounded|overdraft)(?: overdraft| up to \[USD (\d+)\]))?/g,
  )) {
    const before = found.get(name) ?? 0n;
    const now = BigInt(amount);
    if (kind === 'unbounded' || before === 'unbounded') found.set(name, 'unbounded');
    else found.set(name, now > before ? now : before);
  }
  return found;
}

const balances = fc.record(
  Object.fromEntries(ACCOUNTS.map((name) => [`${name} USD`, fc.bigInt({ min: -30n, max: 60n })])),
);

export const drawn: fc.Arbitrary<Drawn> = fc
  .tuple(fc.oneof(small, fc.constant('all' as const)), source, destination, balances)
  .map(([sentMinor, from, to, held]) => ({
    text: `send [USD ${sentMinor === 'all' ? '*' : sentMinor}] (
      source = ${from}
      destination = ${to}
    )`,
    sentMinor,
    overdrafts: overdraftsOf(from),
    balances: held,
    keeps: to.includes('kept'),
  }));
