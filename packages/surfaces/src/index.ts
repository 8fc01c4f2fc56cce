/** The ways into a node: HTTP with one route for each operation, MCP at /mcp, GraphQL at /graphql. */
export type { AccessEntry, CallTarget, SurfaceLog } from './callTarget.ts';
export { startHttpSurface, type HttpSurface, type HttpSurfaceOptions } from './http/httpSurface.ts';
export { bridgeStdio, type StdioBridgeOptions } from './mcp/stdioBridge.ts';
