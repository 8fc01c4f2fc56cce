/** The kernel: one way in, one transaction a call, one record of it. */
export {
  ANONYMOUS,
  type Call,
  type Credential,
  type IdentityKind,
  type Principal,
} from './call.ts';
export type { OpenConnection } from './openConnection.ts';
export type { Connected } from './kernel.ts';
export type { ApartOptions } from './apart/openApart.ts';
export type { PeerLink, Remote } from './apart/remote.ts';
export { verifyRoot, type Capability } from './capability.ts';
export type {
  CallFacts,
  ContextOf,
  ListOptions,
  Page,
  Planned,
  ProcessContext,
  ReadContext,
  Rows,
  StepOptions,
  WritableRows,
  WriteContext,
} from './context.ts';
export { fenceStatements, liftStatements, readFence, type Fence } from './fence.ts';
export type { FoundingPlace } from './founding.ts';
export type { FollowedEvent } from '@anarq/bus';
export type { Allotments } from './allotments.ts';
export type { AllotmentState } from './allotmentState.ts';
export type { Allotment, AllotmentReport, Signed } from './allotmentStatement.ts';
export type { BudgetState } from './budgetState.ts';
export type { BudgetStanding, Drawn } from './drawn.ts';
export type { DelegationOrder, Grants } from './grants.ts';
export type { GrantRecord } from './storedGrants.ts';
export { kernelMigrations } from './tables.ts';
export { FOLLOWED_OPERATION } from './eventAccess.ts';
export type { EventStream, FollowCall, Followed } from './eventStreams.ts';
export type { Shown } from './eventTickets.ts';
export { genesisFrom, type Identities, type IdentityRecord } from './identities.ts';
export {
  call,
  defineModule,
  handler,
  process,
  type Handler,
  type ModuleDefinition,
  type ModuleEnvironment,
  type TransferClaims,
  type TransferContent,
  type TransferEnvironment,
  type TransferHandler,
  type TransferPart,
} from './module.ts';
export { createKernel, type Kernel, type KernelOptions } from './node.ts';
export { reaction, type ConsumedEvent } from './ownWork.ts';
export type { OwnLog, OwnLogKind, OwnLogPlace } from './ownLog.ts';
export type { Probe } from './parts.ts';
export type {
  Approval,
  JobNews,
  Place,
  ProcessSummary,
  ProcessView,
  Progress,
} from './processViews.ts';
export { epochsOf, resealStore } from './rotation.ts';
export type { Resealed } from './reseal.ts';
export type { Readable } from './readable.ts';
export type { NodeFacts, Services } from './services.ts';
export type { Stop } from './stops.ts';
export { SESSION_CONTEXT, type Sessions } from './sessions.ts';
export {
  blob,
  bool,
  createTable,
  int,
  json,
  minor,
  nullable,
  sealed,
  table,
  text,
  type Column,
  type Columns,
  type RowOf,
  type Table,
} from './table.ts';
