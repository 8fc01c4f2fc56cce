import { defineModule } from '@anarq/kernel';
import { qonsent } from './contract.ts';
import { budget } from './handlers/budget.ts';
import { check } from './handlers/check.ts';
import { get } from './handlers/get.ts';
import { grant } from './handlers/grant.ts';
import { list } from './handlers/list.ts';
import { revoke } from './handlers/revoke.ts';

/** Consent: grants, kept by the kernel, which checks them at every call. */
export default defineModule(qonsent, { handlers: { grant, check, revoke, get, list, budget } });
