import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Seat } from './network.ts';

/**
 * Network namespaces of Linux. The supervisor has one, and each member one of its own, which a pair
 * of veth joins to that of the supervisor and to nothing else. A namespace ends with the last process
 * that is in it, and its links with it: nothing of the host's network is touched, and nothing is
 * left to be cleaned up.
 */

/** As root without a namespace of users, so that files of others stay within reach; else as root of one. */
const WAYS = [['--net'], ['--user', '--map-root-user', '--net']] as const;
const TRIAL_MS = 20_000;

/** `ip` lies where not every user looks for commands. */
const ENTER = 'PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && exec "$@"';

/** Run in a new namespace: $1 a process in the other one, $2 the link's name there, $3 and $4 the addresses there and here. */
const LINK = `
ip link set lo up &&
ip link add name eth0 type veth peer name "$2" netns "$1" &&
ip address add "$4/30" dev eth0 &&
ip link set eth0 up &&
nsenter --net --target "$1" -- ip address add "$3/30" dev "$2" &&
nsenter --net --target "$1" -- ip link set "$2" up`;

/** The shell stays, because a process outside of the new namespace is what its link leads to. */
const TRIAL = 'unshare --net -- sh -c "$1" sh $$ trial 10.0.0.1 10.0.0.2; exit $?';

/** What the supervisor is started through, or why there are no namespaces here. */
export type Found = { readonly through: readonly string[] } | { readonly missing: string };

/** Tries out all that a cluster needs, because nothing else tells whether it is allowed. */
export async function findNamespaces(): Promise<Found> {
  if (process.platform !== 'linux')
    return { missing: `they are of Linux, and this is ${process.platform}` };
  const refusals = new Set<string>();
  for (const way of WAYS) {
    const through = ['unshare', ...way, '--', 'sh', '-c', ENTER, 'sh'];
    const refusal = await tryOut(through);
    if (refusal === undefined) return { through };
    refusals.add(refusal);
  }
  return { missing: [...refusals].join('; ') };
}

async function tryOut([command = '', ...args]: readonly string[]): Promise<string | undefined> {
  try {
    await promisify(execFile)(command, [...args, 'sh', '-c', TRIAL, 'sh', LINK], {
      timeout: TRIAL_MS,
    });
    return undefined;
  } catch (error) {
    // What execFile rejects with.
    const { code, stderr, message } = error as NodeJS.ErrnoException & { readonly stderr?: string };
    if (code === 'ENOENT') return `no command ${command}, which is of util-linux`;
    return stderr?.trim().replaceAll('\n', ', ') || message;
  }
}

/**
 * Makes a namespace and joins it to that of this process. It stays while a process is in it, or until
 * it is closed, so a member that ends and starts again finds its link as it was.
 */
export async function openNamespace(name: string, number: number): Promise<Seat> {
  const [gateway, host] = [addressAt(number, 1), addressAt(number, 2)];
  const script = `${LINK} && echo made && read -r _`;
  const ends = [String(process.pid), name, gateway, host];
  const maker = spawn('unshare', ['--net', '--', 'sh', '-c', script, 'sh', ...ends]);
  let refusal = '';
  maker.stderr.setEncoding('utf8').on('data', (text: string) => {
    refusal += text;
  });
  const isMade = await Promise.race([
    once(maker.stdout, 'data').then(() => true),
    once(maker, 'close').then(() => false),
  ]);
  if (!isMade) throw new Error(`${name} got no network: ${refusal.trim()}`);
  const handle = openSync(`/proc/${maker.pid}/ns/net`, 'r');
  maker.stdin.end();
  return {
    host,
    gateway,
    through: ['nsenter', `--net=/proc/${process.pid}/fd/${handle}`, '--'],
    close: () => closeSync(handle),
  };
}

/** A link has four addresses of 10.0.0.0/8; its ends have the second and the third. */
function addressAt(link: number, end: 1 | 2): string {
  const at = link * 4 + end;
  return `10.${(at >> 16) & 0xff}.${(at >> 8) & 0xff}.${at & 0xff}`;
}
