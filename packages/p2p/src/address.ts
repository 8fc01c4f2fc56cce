import { isIPv4, isIPv6 } from 'node:net';
import { fail } from '@anarq/common-schemas';

/** Where something listens. `host` is an IPv4 or IPv6 address or a name, without brackets. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

const MULTIADDR = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})(?:\/p2p\/\w+)?$/;
const HOST_AND_PORT = /^(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})$/;
const TEXT_LENGTH_MAX = 300;

/** Reads `/ip4/127.0.0.1/tcp/4001`, `127.0.0.1:4001` or `[::1]:4001`. Fails with `INPUT_INVALID`. */
export function readAddress(text: string): HostAndPort {
  const parts =
    text.length > TEXT_LENGTH_MAX ? null : (MULTIADDR.exec(text) ?? HOST_AND_PORT.exec(text));
  const multi = text.startsWith('/');
  const host = multi ? parts?.[2] : (parts?.[1] ?? parts?.[2]);
  const port = Number(parts?.[3]);
  if (host === undefined || !(port <= 65_535) || (parts?.[1] === 'ip4' && !isIPv4(host))) {
    return fail(
      'INPUT_INVALID',
      'expected an address as 127.0.0.1:4001 or /ip4/127.0.0.1/tcp/4001',
    );
  }
  return { host, port };
}

/** The same as a multiaddr. */
export function multiaddrOf({ host, port }: HostAndPort): string {
  const kind = isIPv4(host) ? 'ip4' : isIPv6(host) ? 'ip6' : 'dns';
  return `/${kind}/${host}/tcp/${port}`;
}

/** Whether nobody can dial this: it means every address of a machine. */
export function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
