import { fail } from '@anarq/common-schemas';
import type { PeerNetwork, Validator } from '@anarq/validator';
import type { Json, RpcHandlers } from './rpc.ts';

/** Transactions that are asked about at a time. */
const IDS_MAX = 10_000;
const ID = /^[0-9a-f]{64}$/;

/** What a member answers on its socket: bytes as base64, amounts as decimal strings. */
export function memberRpc(validator: Validator, network: PeerNetwork): RpcHandlers {
  return {
    chain: () => plain(validator.chain()),
    peers: () => plain(network.peers()),
    submit: async ({ entry }) => ({
      ids: await validator.submit(Buffer.from(textIn(entry), 'base64')),
    }),
    states: ({ ids }) => idsIn(ids).map((id) => validator.status(id)?.state ?? null),
    status: ({ id }) => plain(validator.status(idIn(id)) ?? null),
    account: ({ id }) => plain(validator.account(idIn(id)) ?? null),
    receiptProof: ({ id }) => base64(validator.receiptProof(idIn(id))),
    accountProof: ({ id }) => base64(validator.accountProof(idIn(id))),
    certificate: ({ seq }) =>
      base64(validator.certificate(seq === undefined ? undefined : wholeIn(seq))),
  };
}

/** As JSON has it: whole numbers that may be large as decimal strings. */
const plain = (value: object | null): Json =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)),
  ) as Json;

const base64 = (bytes: Uint8Array | undefined): Json =>
  bytes === undefined ? null : Buffer.from(bytes).toString('base64');

const textIn = (value: Json | undefined): string =>
  typeof value === 'string' ? value : fail('INPUT_INVALID', 'A text is missing.');
const idIn = (value: Json | undefined): string =>
  typeof value === 'string' && ID.test(value)
    ? value
    : fail('INPUT_INVALID', 'An id is 64 hexadecimal digits.');
const idsIn = (value: Json | undefined): string[] =>
  Array.isArray(value) && value.length <= IDS_MAX
    ? value.map((id: Json) => idIn(id))
    : fail('INPUT_INVALID', `Ids are a list of at most ${IDS_MAX}.`);
const wholeIn = (value: Json): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : fail('INPUT_INVALID', 'A whole number is missing.');
