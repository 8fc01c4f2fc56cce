import { defineModule } from '@anarq/kernel';
import { qonsent } from './contract.ts';
import { budget } from './handlers/budget.ts';
import { allot } from './handlers/allot.ts';
import { allotments } from './handlers/allotments.ts';
import { approveRequest } from './handlers/approveRequest.ts';
import { check } from './handlers/check.ts';
import { get } from './handlers/get.ts';
import { grant } from './handlers/grant.ts';
import { list } from './handlers/list.ts';
import { myRequests } from './handlers/myRequests.ts';
import { refuseRequest } from './handlers/refuseRequest.ts';
import { request } from './handlers/request.ts';
import { requests } from './handlers/requests.ts';
import { returnAllotment } from './handlers/returnAllotment.ts';
import { revoke } from './handlers/revoke.ts';
import { settleAllotment } from './handlers/settleAllotment.ts';
import { takeAllotment } from './handlers/takeAllotment.ts';
import { withdrawRequest } from './handlers/withdrawRequest.ts';
import { migrations, requests as requestTable } from './store.ts';

/** Consent: grants, kept by the kernel, which checks them at every call. */
export default defineModule(qonsent, {
  migrations,
  tables: [requestTable],
  handlers: {
    grant,
    check,
    revoke,
    get,
    list,
    budget,
    request,
    myRequests,
    withdrawRequest,
    requests,
    approveRequest,
    refuseRequest,
    allot,
    takeAllotment,
    returnAllotment,
    settleAllotment,
    allotments,
  },
});
