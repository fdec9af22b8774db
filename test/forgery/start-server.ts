import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Claim } from './claim.ts';
import { connect, type Methods } from './remote.ts';
import type { Report } from './server-process.ts';

const PROGRAM = fileURLToPath(new URL('server-process.ts', import.meta.url));

/** A server in a process of its own. */
export interface Server {
  ask(major: number, id: string): Promise<readonly Claim[]>;
  post(major: number, claims: readonly Claim[]): Promise<void>;
  report(): Promise<Report>;
  /** As a crash would. */
  stop(): Promise<void>;
}

/** Starts one until the test is over: `own`, `shared` with the store to call, or `file PATH`. */
export function startServer(
  approvals: readonly ['own'] | readonly ['shared'] | readonly ['file', string],
  store: Methods = {},
): Server {
  const child = fork(PROGRAM, approvals, { execArgv: [], serialization: 'advanced' });
  const call = connect(child, store);
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(stop);
  return {
    ask: async (major, id) => (await call('ask', major, id)) as readonly Claim[],
    post: async (major, claims) => void (await call('post', major, claims)),
    report: async () => (await call('report')) as Report,
    stop,
  };
}
