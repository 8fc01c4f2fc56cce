import { sha256Hex, utf8 } from '@anarq/crypto';
import { createTable, int, table, text, type RowOf } from '@anarq/kernel';
import type { Migration } from '@anarq/store';

/** Who has which role in an organisation; owned by the organisation. */
export const members = table(
  'squid_member',
  {},
  { organisation: text(), member: text(), role: text(), grant_cid: text(), since_ms: int() },
);

/** Which tokens were given out, never the tokens; owned by who controls the agent. */
export const tokens = table(
  'squid_token',
  {},
  { agent: text(), grant_cid: text(), expires_ms: int() },
);

/** Which sub-identities an identity made, to bound their number; owned by that identity. */
export const subIdentities = table('squid_sub', {}, { did: text() });

export type MemberRow = RowOf<typeof members>;

/** One row for an organisation and a person, whatever their role. */
export const memberId = (organisation: string, member: string): string =>
  `member_${sha256Hex(utf8(`${organisation}|${member}`)).slice(0, 32)}`;

export const migrations: readonly Migration[] = [
  {
    id: 1,
    sql: [
      createTable(members),
      'CREATE INDEX squid_member_organisation ON squid_member (tenant, organisation, id);',
      createTable(tokens),
      'CREATE INDEX squid_token_agent ON squid_token (tenant, agent, id);',
    ].join('\n'),
  },
  {
    id: 2,
    sql: [
      createTable(subIdentities),
      'CREATE INDEX squid_sub_owner ON squid_sub (tenant, owner);',
    ].join('\n'),
  },
];
