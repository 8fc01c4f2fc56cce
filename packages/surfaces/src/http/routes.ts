import { basePathsOf, type AnyContract } from '@anarq/common-schemas';

export interface RouteEntry {
  readonly method: string;
  readonly pattern: RegExp;
}

/** Routes that are no operations, as [methods, pattern]. */
const FIXED: readonly (readonly [readonly string[], RegExp])[] = [
  [['GET'], /^\/(events|health(\/live|\/ready)?|metrics|\.well-known\/q-node)$/],
  [
    ['GET', 'HEAD'],
    /^\/(openapi\.json|asyncapi\.json|tools(\/[^/]+)?|\.well-known\/(q-infinity|mcp)\.json)$/,
  ],
  [['POST'], /^\/tools\/negotiate$/],
  [['GET', 'HEAD'], /^\/transfer\/[^/]+$/],
  [['PUT'], /^\/transfer\/[^/]+\/[^/]+$/],
  [['GET', 'POST', 'DELETE'], /^\/mcp$/],
  [['POST'], /^\/graphql$/],
  [['POST'], /^\/internal\/(greet|ask)$/],
];

/** Every route, to name the methods that a path does take. Asked only for requests that have none. */
export function routesOf(contracts: readonly AnyContract[]): readonly RouteEntry[] {
  const operations = contracts.flatMap((contract) =>
    basePathsOf(contract).flatMap((base) =>
      Object.values(contract.operations).map(({ http }) => ({
        method: http.method,
        pattern: new RegExp(`^${base}${patternOf(http.path)}$`),
      })),
    ),
  );
  const fixed = FIXED.flatMap(([methods, pattern]) =>
    methods.map((method) => ({ method, pattern })),
  );
  return [...operations, ...fixed];
}

const patternOf = (path: string): string =>
  path.replaceAll(/[.*+?^$|()[\]\\]/g, '\\$&').replaceAll(/\{[^}]+\}/g, '[^/]+');
