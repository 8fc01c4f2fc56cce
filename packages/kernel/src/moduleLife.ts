import type { Call } from './call.ts';
import type { ModuleDefinition } from './module.ts';
import type { OwnLogs } from './ownLog.ts';
import type { Services } from './services.ts';

/** Whatever modules do when the node has started. */
export async function startModules(
  invoker: { readonly invoke: (call: Call) => Promise<unknown> },
  modules: readonly ModuleDefinition[],
  { services, ownLogs }: { readonly services: Services; readonly ownLogs: OwnLogs },
): Promise<void> {
  for (const { contract, onStart } of modules)
    await onStart?.({
      services,
      ownLog: ownLogs.of(contract.name),
      invoke: (call) => invoker.invoke(call),
    });
}

/** Whatever modules do when the node stops; one that fails keeps no other from it. */
export const stopping =
  (
    modules: readonly ModuleDefinition[],
    services: Services,
    onError: (error: unknown, where: string) => void,
  ) =>
  async (): Promise<void> => {
    for (const { contract, onStop } of modules)
      await onStop?.({ services }).catch((error: unknown) => onError(error, contract.name));
  };
