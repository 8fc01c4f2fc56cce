import { defineModule } from '@anarq/kernel';
import { squid } from './contract.ts';
import { activeContext } from './handlers/activeContext.ts';
import { addMember } from './handlers/addMember.ts';
import { agents } from './handlers/agents.ts';
import { create } from './handlers/create.ts';
import { createAgent } from './handlers/createAgent.ts';
import { createOrganisation } from './handlers/createOrganisation.ts';
import { createSub } from './handlers/createSub.ts';
import { get } from './handlers/get.ts';
import { issueToken } from './handlers/issueToken.ts';
import { members } from './handlers/members.ts';
import { openSession } from './handlers/openSession.ts';
import { registerOrganisation } from './handlers/registerOrganisation.ts';
import { removeMember } from './handlers/removeMember.ts';
import { resume } from './handlers/resume.ts';
import { revokeToken } from './handlers/revokeToken.ts';
import { start } from './handlers/start.ts';
import { stop } from './handlers/stop.ts';
import { suspend } from './handlers/suspend.ts';
import { verify } from './handlers/verify.ts';
import { migrations } from './store.ts';

/** Identity: who exists on this node, and with which keys. */
export default defineModule(squid, {
  migrations,
  handlers: {
    create,
    createOrganisation,
    registerOrganisation,
    createAgent,
    createSub,
    get,
    verify,
    activeContext,
    agents,
    openSession,
    issueToken,
    revokeToken,
    addMember,
    removeMember,
    members,
    stop,
    start,
    suspend,
    resume,
  },
});
