import type { BridgeOrder, Bridges } from '@anarq/bridges';
import type { Kernel } from '@anarq/kernel';

/** Reads the addresses of bridges. @throws QError INPUT_INVALID */
export async function bridgeOrders(addresses: readonly string[]): Promise<readonly BridgeOrder[]> {
  if (addresses.length === 0) return [];
  const { parseBridge } = await import('@anarq/bridges');
  return addresses.map(parseBridge);
}

/** Starts them, and says in the metrics whether each has its broker; their lag is that of consumers. */
export async function openBridges(
  orders: readonly BridgeOrder[],
  kernel: Kernel,
): Promise<Bridges | undefined> {
  const { events, telemetry } = kernel;
  const isAny = (await events.consumers()).some(({ consumer }) => consumer.startsWith('bridge/'));
  if (orders.length === 0 && !isAny) return undefined;
  const { startBridges } = await import('@anarq/bridges');
  const bridges = await startBridges(orders, events, (error, where) =>
    telemetry.log?.error(error, where, {}),
  );
  const source = {
    name: 'q_bridge_connected',
    help: '1 while its broker is there.',
    labels: ['bridge'],
  };
  telemetry.gauges.gauge(source, () =>
    bridges.states().map(({ consumer, isConnected }) => ({
      labels: { bridge: consumer },
      value: Number(isConnected),
    })),
  );
  return bridges;
}
