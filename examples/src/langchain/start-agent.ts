import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { GraphTurn } from './graph-turn.ts';

/** What an agent's process is asked to do for one thread. */
export interface AgentRequest {
  readonly thread: string;
  /** Out of a session that the server has checked. */
  readonly user: string;
  /** What the person says … */
  readonly prompt?: string;
  /** … or answers to a question. */
  readonly resume?: unknown;
}

/** An agent in a process of its own. */
export interface AgentProcess {
  readonly pid: number | undefined;
  send(request: AgentRequest): Promise<GraphTurn>;
  /** As a crash or a power cut would: nothing is saved on the way out. */
  kill(): Promise<void>;
}

/** Starts a program that takes one request at a time. It ends with this process at the latest. */
export async function startAgent(program: URL, args: readonly string[]): Promise<AgentProcess> {
  const child = fork(fileURLToPath(program), args, { execArgv: [] });
  const exited = once(child, 'exit');

  async function message(): Promise<unknown> {
    const ended = exited.then(() => {
      throw new Error('the process ended before it answered');
    });
    const [given] = (await Promise.race([once(child, 'message'), ended])) as readonly unknown[];
    return given;
  }

  await message(); // that it is ready
  return {
    pid: child.pid,
    async send(request) {
      child.send(request);
      return (await message()) as GraphTurn; // what agent-process.ts sends
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
