import { hkdfSha256, utf8 } from '@anarq/crypto';
import type { Genesis } from '@anarq/dag';
import { Person } from '@anarq/validator/testing';

/** What all processes of one measurement agree on, so that none has to be sent to another. */
export interface Cast {
  readonly validators: number;
  /** Accounts that hand in at each validator. */
  readonly accounts: number;
  readonly time_ms: number;
}

const FUNDS = 1_000_000_000n;

const seedOf = (name: string): Uint8Array =>
  hkdfSha256(utf8(name), utf8('q-bench-consensus'), utf8(''), 32);

export const validatorSeed = (at: number): Uint8Array => seedOf(`validator ${at}`);

/** The accounts that hand in at a validator. */
export const peopleAt = ({ accounts }: Cast, validator: number): readonly Person[] =>
  Array.from({ length: accounts }, (_, at) => new Person(seedOf(`account ${validator} ${at}`)));

export function genesisOf(cast: Cast): Genesis {
  const numbers = Array.from({ length: cast.validators }, (_, at) => at);
  const authority = new Person(seedOf('authority'));
  return {
    name: 'bench',
    time_ms: cast.time_ms,
    validators: numbers.map((at) => new Person(validatorSeed(at)).publicKey),
    authority: authority.account,
    treasury: new Person(seedOf('treasury')).account,
    fee_min: 1n,
    accounts: [authority, ...numbers.flatMap((at) => peopleAt(cast, at))].map(
      ({ account: id, publicKey }) => ({ id, publicKey, balance: FUNDS }),
    ),
  };
}
