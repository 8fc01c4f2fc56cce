/** The ways into a node: HTTP with one route for each operation, and MCP at /mcp. */
export type { AccessEntry, CallTarget, SurfaceLog } from './callTarget.ts';
export { startHttpSurface, type HttpSurface, type HttpSurfaceOptions } from './http/httpSurface.ts';
