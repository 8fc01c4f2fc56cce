import { API_VERSION, fail } from '@anarq/common-schemas';
import { utf8, type Sealer } from '@anarq/crypto';
import type { Row, Statement } from '@anarq/store';
import { readTraceparent } from '@anarq/telemetry';
import { moveCounters, reserving, toSettle } from './budgetCounters.ts';
import {
  CAPABILITY_LIFE_MS,
  mintCapability,
  openCapability,
  reservationsFrom,
  reservationsOf,
  type Capability,
  type RootCall,
  type SealedCapability,
} from './capability.ts';
import { namedIn } from './call.ts';
import { timeOrderedId } from './clock.ts';
import { assertNotStopped, guards } from './commands.ts';
import { noteMoves } from './drawn.ts';
import { ownResource } from './identities.ts';
import { traceOf, type CompiledOperation, type Invocation, type ReplayKey } from './invocation.ts';
import type { KernelParts } from './parts.ts';
import type { ProcessKind } from './processViews.ts';
import { setTimer } from './timers.ts';
import { recordOf } from './record.ts';

/** What the store keeps of an admitted call, sealed. */
export interface Admission {
  readonly sealed: SealedCapability;
  readonly call: Pick<Invocation['call'], 'operation' | 'input' | 'surface' | 'subject' | 'grant'>;
  readonly requestId: string;
  readonly now_ms: number;
  readonly inputDigest: string;
  readonly resource: string | undefined;
  readonly owner: string | undefined;
  readonly grants: readonly string[];
  readonly why: Invocation['why'];
  readonly replayKey: ReplayKey | undefined;
  readonly ownKey?: string | undefined;
  readonly parent: Capability | undefined;
}

/** An admitted call, ready to run. */
export interface Admitted {
  readonly inv: Invocation;
  readonly capability: Capability;
}

/** Mints the capability of a process, and prepares the commit that admits it. */
export function admit(
  inv: Invocation,
  parts: KernelParts,
  as: { readonly kind: ProcessKind; readonly id?: string; readonly from_ms?: number },
): { capability: Capability; commit: Statement[] } {
  assertNotStopped(inv, parts);
  const { op } = inv.compiled;
  const isJob = as.kind === 'job';
  const id = as.id ?? timeOrderedId(isJob ? 'job' : 'proc', inv.now_ms);
  const parent = inv.capability?.record;
  const record = recordOf(inv, parts.services.log, { kind: 'admission', code: 'SUCCESS', parent });
  const from_ms = as.from_ms ?? inv.now_ms;
  const capability = capabilityOf(inv, { id, kind: as.kind, record: record.cid, from_ms });
  const moves = reserving(inv.reservations);
  const deadline_ms = op.job === undefined ? null : inv.now_ms + op.job.deadline_ms;
  const commit = [
    ...guards(inv),
    ...moveCounters(moves),
    ...noteMoves(record.cid, moves, inv.now_ms),
    {
      name: `process ${id}`,
      sql: `INSERT INTO kernel_process (id, tenant, operation, version, kind, subject, actor, state, admission_sealed, record, deadline_ms, created_ms, updated_ms)
            VALUES (:id, :tenant, :operation, :version, :kind, :subject, :actor, 'RUNNING', :admission, :record, :deadline_ms, :now_ms, :now_ms)`,
      params: {
        id,
        tenant: inv.principal.tenant,
        operation: inv.compiled.keptAs ?? op.id,
        version: op.version,
        kind: as.kind,
        subject: inv.subject,
        actor: inv.principal.actor,
        admission: sealAdmission(inv, capability, isJob, parts.services.sealer),
        record: record.cid,
        deadline_ms,
        now_ms: inv.now_ms,
      },
    },
    ...(isJob ? [ownResource(inv.principal.tenant, processResource(id), inv.subject)] : []),
    ...(deadline_ms === null ? [] : [setTimer('deadline', id, deadline_ms)]),
    ...record.statements,
  ];
  return { capability, commit };
}

function capabilityOf(
  inv: Invocation,
  {
    id,
    kind,
    record,
    from_ms,
  }: {
    readonly id: string;
    readonly kind: ProcessKind;
    readonly record: string;
    readonly from_ms: number;
  },
): Capability {
  const { op } = inv.compiled;
  const root = rootOf(inv);
  return {
    process: id,
    operation: op.id,
    record,
    principal: inv.principal,
    subject: inv.subject,
    inputDigest: inv.inputDigest,
    // A step that needs a full signature finds it at the root of all processes around it.
    signature: inv.capability?.signature === 'full' ? 'full' : op.signature,
    ...(root === undefined ? {} : { root }),
    ...(undoes(inv.capability) ? { undoes: true } : {}),
    ...(inv.ceiling === undefined ? {} : { ceiling: inv.ceiling }),
    uses: op.uses,
    links: [...new Set(inv.links)],
    reservations: reservationsOf(toSettle(inv.reservations)),
    held: [
      ...(kind === 'job' ? [] : (inv.capability?.held ?? [])),
      ...inv.reservations.flatMap((r) => r.allotment?.covers ?? [r.grant]),
    ],
    expires_ms: from_ms + CAPABILITY_LIFE_MS,
    ...traceOf(inv),
  };
}

/** What an undo begins is part of it, and is as little stopped. */
const undoes = (parent: Capability | undefined): boolean =>
  parent?.operation === 'undo' || parent?.undoes === true;

/** The name under which a process that somebody may steer is a resource. */
export const processResource = (id: string): string => `node/process/${id}`;

/** The signed call that a capability stands on; undefined where a session or a token made it. */
function rootOf(inv: Invocation): RootCall | undefined {
  if (inv.capability !== undefined) return inv.capability.root;
  const { credential, subject, grant, idempotencyKey } = inv.call;
  if (credential.kind !== 'signature' || inv.principal.signedBy !== 'self') return undefined;
  return {
    operation: inv.compiled.op.id,
    version: API_VERSION,
    inputDigest: inv.inputDigest,
    identity: credential.identity,
    ...(credential.subId === undefined ? {} : { subId: credential.subId }),
    ...(subject === undefined ? {} : { subject }),
    ...(grant === undefined ? {} : { grant }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ts: credential.ts,
    signature: credential.signature,
  };
}

/**
 * An admitted call as the store kept it, for the code that goes on with it.
 * @throws INTERNAL where somebody changed it
 */
export function revive(row: Row, compiled: CompiledOperation, sealer: Sealer): Admitted {
  const admission = openAdmission(sealer, row['id'] as string, row['admission_sealed']);
  const capability = openCapability(sealer, admission.sealed);
  const inv: Invocation = {
    call: { ...admission.call, credential: { kind: 'anonymous' } },
    compiled,
    requestId: admission.requestId,
    now_ms: admission.now_ms,
    trace: readTraceparent(capability.traceparent),
    ...(admission.parent === undefined ? {} : { capability: admission.parent }),
    principal: capability.principal,
    inputDigest: admission.inputDigest,
    subject: capability.subject,
    ...(admission.resource === undefined ? {} : { resource: admission.resource }),
    ...(admission.owner === undefined ? {} : { owner: admission.owner }),
    grants: [...admission.grants],
    links: [...capability.links],
    why: admission.why,
    reservations: reservationsFrom(capability),
    ...(capability.ceiling === undefined ? {} : { ceiling: capability.ceiling }),
    ...(admission.replayKey === undefined ? {} : { replayKey: admission.replayKey }),
    ...(admission.ownKey === undefined ? {} : { ownKey: admission.ownKey }),
    release: [],
  };
  return { inv, capability };
}

function sealAdmission(
  inv: Invocation,
  capability: Capability,
  isJob: boolean,
  sealer: Sealer,
): Uint8Array {
  const admission: Admission = {
    sealed: mintCapability(sealer, capability),
    call: {
      operation: inv.compiled.op.id,
      input: inv.call.input,
      surface: inv.call.surface,
      ...namedIn(inv.call),
    },
    requestId: inv.requestId,
    now_ms: inv.now_ms,
    inputDigest: inv.inputDigest,
    resource: inv.resource,
    owner: inv.owner,
    grants: inv.grants,
    why: inv.why,
    // A job's call has its answer when it is admitted; its end is told by node.job.
    replayKey: isJob ? undefined : inv.replayKey,
    ownKey: inv.compiled.keptAs === undefined ? undefined : inv.replayKey?.key,
    parent: inv.capability,
  };
  return sealer.seal('process', capability.process, utf8(JSON.stringify(admission)));
}

export function openAdmission(sealer: Sealer, id: string, sealed: unknown): Admission {
  if (!(sealed instanceof Uint8Array)) return fail('INTERNAL', `Process ${id} has no admission.`);
  return JSON.parse(new TextDecoder().decode(sealer.open('process', id, sealed))) as Admission;
}
