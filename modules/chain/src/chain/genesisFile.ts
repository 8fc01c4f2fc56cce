import { readFile } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';
import { accountOf, bytesOfHex, hexOf, type Genesis } from '@anarq/dag';

/** How a chain begins, as it stands in `genesis.json`: keys and ids in hex, amounts as decimal strings. */
interface GenesisJson {
  readonly name: string;
  readonly time: string;
  readonly validators: readonly string[];
  readonly authority: string;
  readonly treasury: string;
  readonly feeMin: string;
  readonly accounts: readonly {
    readonly id: string;
    readonly balance: string;
    readonly publicKey?: string;
  }[];
}

const HEX = /^([0-9a-f]{2})+$/;
const ID = /^[0-9a-f]{64}$/;
const WHOLE = /^(0|[1-9][0-9]{0,38})$/;

/** The text of a genesis, which every node of the chain has byte by byte as it likes: only its meaning counts. */
export function genesisText(genesis: Genesis): string {
  const json: GenesisJson = {
    name: genesis.name,
    time: new Date(genesis.time_ms).toISOString(),
    validators: genesis.validators.map(hexOf),
    authority: genesis.authority,
    treasury: genesis.treasury,
    feeMin: String(genesis.fee_min),
    accounts: genesis.accounts.map(({ id, balance, publicKey }) => ({
      id,
      balance: String(balance),
      ...(publicKey === undefined ? {} : { publicKey: hexOf(publicKey) }),
    })),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** @throws QError INPUT_INVALID, with what is wrong and where */
export async function readGenesis(path: string): Promise<Genesis | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const no = (what: string): never => fail('INPUT_INVALID', `${path}: ${what}.`);
  const json = parsed(text) ?? no('this is no JSON object');
  const word = (value: unknown, is: RegExp, what: string): string =>
    typeof value === 'string' && is.test(value) ? value : no(`${what} is missing or none`);
  const list = (value: unknown, what: string): readonly unknown[] =>
    Array.isArray(value) ? value : no(`${what} is no list`);
  const time_ms = Date.parse(word(json['time'], /Z$/, 'time'));
  if (Number.isNaN(time_ms)) no('time is no instant');
  return {
    name: word(json['name'], /^.{1,128}$/, 'name'),
    time_ms,
    validators: list(json['validators'], 'validators').map((key) =>
      bytesOfHex(word(key, HEX, 'a key of validators')),
    ),
    authority: word(json['authority'], ID, 'authority'),
    treasury: word(json['treasury'], ID, 'treasury'),
    fee_min: BigInt(word(json['feeMin'], WHOLE, 'feeMin')),
    accounts: list(json['accounts'], 'accounts').map((each) => {
      const account = isRecord(each) ? each : no('an account is no object');
      const balance = BigInt(word(account['balance'], WHOLE, 'balance of an account'));
      const id = word(account['id'], ID, 'id of an account');
      if (account['publicKey'] === undefined) return { id, balance };
      const publicKey = bytesOfHex(word(account['publicKey'], HEX, 'publicKey of an account'));
      if (accountOf(publicKey) !== id) no(`account ${id} does not follow from its publicKey`);
      return { id, balance, publicKey };
    }),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
