import { readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { spawn } from 'node:child_process';

// Runs inside the sandbox that is checked and tries what must fail there.

/** What the canary tries; all of it was made for this one try. */
export interface CanaryTask {
  /** A file outside all roots. */
  readonly file: string;
  /** A port on which this machine listens. */
  readonly port: number;
  /** A variable of the application. */
  readonly variable: string;
}

/** What it achieved. */
export interface CanaryReport {
  readonly read: boolean;
  readonly connected: boolean;
  /** That it started a process in a session of its own, which holds the channel. */
  readonly spawned: boolean;
  /** That it saw the variable. */
  readonly saw: boolean;
  /** Which processes it can name, and what it may use, where there is a `/proc`. */
  readonly processes: string | undefined;
  readonly limits: string | undefined;
}

export async function canary({ file, port, variable }: CanaryTask): Promise<CanaryReport> {
  return {
    read: reads(file),
    connected: await connects(port),
    spawned: await spawns(),
    saw: Object.hasOwn(process.env, variable),
    processes: orNothing(() => readlinkSync('/proc/self/ns/pid')),
    limits: orNothing(() => readFileSync('/proc/self/limits', 'utf8')),
  };
}

function reads(file: string): boolean {
  return orNothing(() => readFileSync(file).length > 0) ?? false;
}

function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
}

function spawns(): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
        detached: true,
        stdio: ['ignore', 'ignore', 'ignore', 3],
      });
      child.once('spawn', () => resolve(true));
      child.once('error', () => resolve(false));
    } catch {
      resolve(false);
    }
  });
}
