import { defineModule } from '@anarq/kernel';
import { node } from './contract.ts';
import { abandonProcess } from './handlers/abandonProcess.ts';
import { announceTools } from './handlers/announceTools.ts';
import { approvals } from './handlers/approvals.ts';
import { approve } from './handlers/approve.ts';
import { authorities } from './handlers/authorities.ts';
import { cancelJob } from './handlers/cancelJob.ts';
import { giveAuthority } from './handlers/giveAuthority.ts';
import { job } from './handlers/job.ts';
import { jobs } from './handlers/jobs.ts';
import { process } from './handlers/process.ts';
import { processes } from './handlers/processes.ts';
import { consumers } from './handlers/consumers.ts';
import { negotiate } from './handlers/negotiate.ts';
import { tools } from './handlers/tools.ts';
import { deadLetters } from './handlers/deadLetters.ts';
import { eventTicket } from './handlers/eventTicket.ts';
import { readEvents } from './handlers/readEvents.ts';
import { retryDeadLetter } from './handlers/retryDeadLetter.ts';
import { refuse } from './handlers/refuse.ts';
import { retryProcess } from './handlers/retryProcess.ts';
import { revokeAuthority } from './handlers/revokeAuthority.ts';
import { signal } from './handlers/signal.ts';
import { profile } from './handlers/profile.ts';
import { status } from './handlers/status.ts';
import { switches } from './handlers/switches.ts';
import { switchOperation } from './handlers/switchOperation.ts';
import { migrations } from './store.ts';

/** Jobs, waiting processes and approvals, which the kernel keeps. */
export default defineModule(node, {
  migrations,
  handlers: {
    readEvents,
    eventTicket,
    consumers,
    deadLetters,
    retryDeadLetter,
    job,
    jobs,
    cancelJob,
    signal,
    approvals,
    approve,
    refuse,
    processes,
    process,
    retryProcess,
    abandonProcess,
    authorities,
    revokeAuthority,
    giveAuthority,
    status,
    profile,
    switches,
    switchOperation,
    announceTools,
    tools,
    negotiate,
  },
});
