import { delegate } from '@anarq/common-clients';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { qindex } from '@anarq/qindex/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import type { Actor } from '@anarq/testing';

const CID = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
/** The cursor before the first event. */
export const START = Buffer.from('events.1:0').toString('base64url');

/** Writes a record of its own; answers what its event is about. */
export async function put(who: Actor, key: string): Promise<string> {
  const { recordId } = await who.call(qindex.put, { type: 'note', key, cid: CID, tags: [] });
  return recordId;
}

/** An agent of somebody, its token, and the grant behind that. */
export async function agentOf(who: Actor, command: string) {
  const { did } = await who.call(squid.createAgent, { name: `agent ${Math.random()}` });
  const delegation = delegate({
    keys: deriveKeys(who.seed),
    issuer: who.did,
    audience: did,
    subject: who.did,
    command,
    exp_s: Math.floor(Date.now() / 1000) + 3_600,
  });
  const { grant } = await who.call(qonsent.grant, {
    audience: did,
    command,
    token: toBase64url(delegation),
  });
  const { token, tokenId } = await who.call(squid.issueToken, { agent: did, grant });
  return { did, grant, token, tokenId };
}
