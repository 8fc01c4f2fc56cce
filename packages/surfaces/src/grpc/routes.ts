import {
  create,
  createFileRegistry,
  type DescMethod,
  type DescMethodUnary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import type { AnyContract, AnyOperation } from '@anarq/common-schemas';
import {
  fileDescriptorOf,
  NO_LOCK,
  protoModelOf,
  protoValues,
  type FieldLock,
  type ProtoMethod,
  type ProtoValues,
} from '@anarq/derive/proto';
import type { ConnectRouter, HandlerContext } from '@connectrpc/connect';
import type { CallTarget } from '../callTarget.ts';
import { parseStrictJsonText } from '../http/strictJson.ts';
import { requestOf } from './request.ts';
import { statusOf } from './failures.ts';

/** A method that is served: its descriptor, and how its messages are values of the contract. */
interface ServedMethod {
  readonly op: AnyOperation;
  readonly desc: DescMethodUnary;
  readonly method: ProtoMethod;
  readonly values: ProtoValues;
}

/** The services of a node's modules, ready to be routed and to be described. */
export interface GrpcServices {
  readonly files: readonly FileDescriptorProto[];
  readonly methods: readonly ServedMethod[];
}

/**
 * Prepares a service for each contract.
 * @param locks the field numbers of each module, by its name
 * @throws Error when two types of a module have one name
 */
export function grpcServices(
  contracts: readonly AnyContract[],
  locks: ReadonlyMap<string, FieldLock>,
): GrpcServices {
  const files: FileDescriptorProto[] = [];
  const methods: ServedMethod[] = [];
  for (const contract of contracts) {
    const model = protoModelOf(contract);
    const file = fileDescriptorOf(model, locks.get(contract.name) ?? NO_LOCK);
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
    const service = registry.getService(`${model.package}.${model.service}`);
    const values = protoValues(registry, model.package, parseStrictJsonText);
    files.push(file);
    for (const method of model.methods) {
      const desc = service?.methods.find(({ name }) => name === method.name);
      if (desc !== undefined && isUnary(desc))
        methods.push({ op: method.op, desc, method, values });
    }
  }
  return { files, methods };
}

const isUnary = (desc: DescMethod): desc is DescMethodUnary => desc.methodKind === 'unary';

/**
 * Routes each method to its operation.
 * @param bytesMax what a message may have at most, where its operation takes more
 */
export function routeMethods(
  router: ConnectRouter,
  target: CallTarget,
  { methods }: GrpcServices,
  bytesMax: number,
): void {
  for (const served of methods)
    router.rpc(served.desc, (message, context) => answer(target, served, message, context), {
      readMaxBytes: Math.min(bytesMax, served.op.limits.bodyBytes),
      // A caller that waits longer than the operation takes is answered when that is over.
      maxTimeoutMs: 86_400_000,
    });
}

async function answer(
  target: CallTarget,
  { op, method, values }: ServedMethod,
  message: unknown,
  context: HandlerContext,
): Promise<Record<string, unknown>> {
  const { facts, requestId, peer } = requestOf(context.values);
  const timeout_ms = context.timeoutMs();
  const result = await target.invoke({
    operation: op.id,
    input: values.fromMessage(method.request, message),
    surface: 'grpc',
    requestId,
    peer,
    ...facts(),
    ...(timeout_ms === undefined ? {} : { timeout_ms }),
  });
  if (result.status === 'error') throw statusOf(result);
  return values.toMessage(method.reply, {
    data: result.data,
    message: result.message,
    cid: result.cid,
    replayed: result.replayed === true,
    ...(result.stale === undefined ? {} : { staleSince: result.stale.since }),
  });
}
