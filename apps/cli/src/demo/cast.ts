import { randomBytes } from 'node:crypto';
import { createClient, http, keys, type Client } from '@anarq/common-clients';
import { deriveKeys, generateSeed, type IdentityKeys } from '@anarq/crypto';
import { genesisFrom } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import type { NodeAddress } from '@anarq/node';
import { qdrive } from '@anarq/qdrive/contract';
import { qerberos } from '@anarq/qerberos/contract';
import { qindex } from '@anarq/qindex/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { quantum } from '@anarq/quantum/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';

/** Every contract that the journey speaks. */
const contracts = [squid, qonsent, qerberos, qindex, qdrive, qmarket, qwallet, quantum, ledger];

/** Somebody with keys of their own, connected over HTTP. */
interface Person {
  readonly did: string;
  readonly keys: IdentityKeys;
  readonly client: Client;
}

/** Who takes part: the operator, an organisation of two members, and the organisation's agent. */
export interface Cast {
  readonly operator: Person;
  readonly first: Person;
  readonly second: Person;
  readonly organisation: string;
  /** Lets the first member act for the organisation. */
  readonly mandate: string;
  readonly agent: string;
}

const personOf = (address: NodeAddress, did: string, seed: Uint8Array): Person => ({
  did,
  keys: deriveKeys(seed, { index: 0 }),
  client: createClient({
    contracts,
    transport: http({
      url: address.url,
      credentials: keys({ did, seed, nodeDid: address.node }),
    }),
  }),
});

/** Makes the identities; the members' keys are made here and never reach the node. */
export async function makeCast(address: NodeAddress, operatorSeed: Uint8Array): Promise<Cast> {
  const operator = personOf(address, address.operator, operatorSeed);
  const member = async (name: string): Promise<Person> => {
    const seed = generateSeed();
    const { document } = genesisFrom(seed, { kind: 'person', now_ms: Date.now() });
    // A document is JSON by construction; its type is narrower than the dialect's `json`.
    const proved = JSON.parse(JSON.stringify(document));
    const { did } = await operator.client.call(squid.create, {
      kind: 'person',
      name,
      document: proved,
    });
    return personOf(address, did, seed);
  };
  const first = await member('first member');
  const second = await member('second member');
  const { did: organisation, grant: mandate } = await first.client.call(squid.createOrganisation, {
    name: `cooperative ${randomBytes(3).toString('hex')}`,
  });
  await first.client.call(
    squid.addMember,
    { organisation, member: second.did, role: 'member' },
    { subject: organisation },
  );
  const { did: agent } = await first.client.call(
    squid.createAgent,
    { name: 'buyer' },
    { subject: organisation },
  );
  if (mandate === undefined) throw new Error('the founder got no mandate');
  return { operator, first, second, organisation, mandate, agent };
}
