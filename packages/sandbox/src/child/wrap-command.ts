import { existsSync } from 'node:fs';

const SETPRIV = '/usr/bin/setpriv';
const PRLIMIT = '/usr/bin/prlimit';

/** A command and its arguments. */
export type Command = readonly [command: string, ...args: string[]];

/** Has the kernel kill a command when the thread that started it ends. Linux with util-linux. */
export function dyingWithParent(command: Command): Command {
  return there(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--', ...command] : command;
}

/** Starts a command as nobody where this process is root on Linux; without util-linux it does not start. */
export function asNobody(command: Command): Command {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return command;
  return [SETPRIV, '--reuid=65534', '--regid=65534', '--clear-groups', '--', ...command];
}

/** Limits that the kernel enforces per process. */
export interface ResourceLimits {
  readonly dataMb: number;
  readonly cpuSeconds: number;
  readonly fileMb: number;
  readonly openFiles: number;
  readonly processes?: number;
}

/** Starts a command with resource limits. Linux with util-linux. */
export function withResourceLimits(command: Command, limits: ResourceLimits): Command {
  if (!there(PRLIMIT)) return command;
  const { dataMb, cpuSeconds, fileMb, openFiles, processes } = limits;
  return [
    PRLIMIT,
    `--data=${dataMb * 1_048_576}`,
    `--cpu=${cpuSeconds}`,
    `--fsize=${fileMb * 1_048_576}`,
    `--nofile=${openFiles}`,
    '--core=0',
    ...(processes === undefined ? [] : [`--nproc=${processes}`]),
    '--',
    ...command,
  ];
}

/** Whether limits can be set here. */
export function hasResourceLimits(): boolean {
  return there(PRLIMIT);
}

function there(path: string): boolean {
  return process.platform === 'linux' && existsSync(path);
}
