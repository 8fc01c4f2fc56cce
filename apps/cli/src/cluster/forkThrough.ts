import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';

/**
 * Forks a script of Node, through a command that executes Node in its own place: its pid, its
 * signals and its channel stay what they are.
 * @param through the command and its arguments; none: Node is started as it is
 */
export function forkThrough(
  through: readonly string[],
  [entry, ...args]: readonly [string, ...string[]],
  options: Omit<ForkOptions, 'execPath' | 'execArgv'>,
): ChildProcess {
  const [execPath, ...execArgv] = [
    ...through,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
  ];
  return fork(entry, args, { ...options, execPath, execArgv });
}
