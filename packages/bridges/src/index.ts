/** @anarq/bridges: events of a node, brought to RabbitMQ and MQTT. */

export { startBridges, type Bridges, type BridgeState } from './bridge.ts';
export { parseBridge, type BridgeOrder } from './order.ts';
