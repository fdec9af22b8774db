import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { type ChannelEvent, readLines } from './channel.ts';
import { deferred } from './deferred.ts';
import { withoutInherited } from './inherited-descriptors.ts';
import type { Launch } from './launch.ts';

/** What a child process did. */
export type ChildEvent = ChannelEvent | Exit;

/** How a child process ended, with the end of what it wrote to its standard error. */
export interface Exit {
  readonly type: 'exit';
  readonly how: string;
  readonly stderr: string;
}

/** A child process that says that it is ready, is told one thing, and answers one thing. */
export interface Child {
  readonly pid: number | undefined;
  readonly ready: Promise<ChildEvent>;
  readonly answer: Promise<ChildEvent>;
  readonly gone: Promise<void>;
  /** Whether its channel closed by itself: not while a process that it started still holds it. */
  readonly silent: Promise<boolean>;
  alive(): boolean;
  /** Whether its module is loaded, or known not to load. */
  loaded(): boolean;
  /** Resolves once the child has taken it, or is gone. */
  send(json: string): Promise<void>;
  /** Whether what it writes is read; it waits meanwhile. */
  listen(on: boolean): void;
  /** Has messages looked at before they count as its answer. */
  divert(takes: (message: unknown) => boolean): void;
  /** Whether this process stays alive for it. */
  hold(keep: boolean): void;
  /** Kills it with its process group. */
  kill(): void;
}

const KEPT_STDERR = 4096;
/** How long after its end what it wrote may take to arrive, and others may hold its channel. */
const LAST_WORDS_MS = 2000;

/** Starts a child process in a process group of its own; it does not keep this process alive. */
export function startChild(launch: Launch, maxBytes: number): Child {
  const started = spawn(launch.command, launch.args, {
    cwd: launch.cwd,
    env: launch.env,
    detached: true,
    stdio: withoutInherited([
      'ignore',
      'ignore',
      'pipe',
      'pipe',
      ...launch.feeds.map(() => 'pipe' as const),
    ]),
  });
  // Pipes are sockets; where the start failed there are none.
  const [, , stderr, channel, ...others] = started.stdio as unknown as ReadonlyArray<
    Socket | undefined
  >;
  const feeds = others.slice(0, launch.feeds.length);
  const sockets = [stderr, channel, ...feeds].filter((socket) => socket !== undefined);
  const ready = deferred<ChildEvent>();
  const answer = deferred<ChildEvent>();
  const gone = deferred<void>();
  const silent = deferred<boolean>();
  let over = false;
  let spoke = false;
  let loaded = false;
  let words = '';
  let diverted: ((message: unknown) => boolean) | undefined;

  function tell(event: ChildEvent): void {
    if (spoke && event.type === 'message' && diverted?.(event.value) === true) return;
    if (spoke) answer.resolve(event);
    else ready.resolve(event);
    loaded ||= event.type === 'message';
    spoke = true;
    if (event.type !== 'message') answer.resolve(event);
  }

  function end(how: string): void {
    if (over) return;
    over = true;
    gone.resolve();
    const exit = (): void => {
      for (const socket of sockets) socket.destroy();
      tell({ type: 'exit', how, stderr: words });
    };
    if (channel === undefined || channel.closed) return exit();
    const late = setTimeout(exit, LAST_WORDS_MS).unref();
    channel.once('close', () => {
      clearTimeout(late);
      exit();
    });
  }

  started.once('error', (error) => end(error.message));
  started.once('exit', (code, signal) =>
    end(signal === null ? `exit code ${code}` : `signal ${signal}`),
  );
  // That the other side is gone is told by its exit.
  for (const socket of sockets) socket.on('error', () => undefined);
  stderr?.on('data', (data: Buffer) => {
    words = (words + data.toString()).slice(-KEPT_STDERR);
  });
  channel?.once('end', () => silent.resolve(true));
  channel?.once('close', () => silent.resolve(false));
  if (channel !== undefined) readLines(channel, maxBytes, tell);
  for (const [i, bytes] of launch.feeds.entries()) feeds[i]?.end(bytes);

  function hold(keep: boolean): void {
    for (const handle of [started, ...sockets]) {
      if (keep) handle.ref();
      else handle.unref();
    }
  }
  hold(false);

  return {
    pid: started.pid,
    ready: ready.promise,
    answer: answer.promise,
    gone: gone.promise,
    silent: silent.promise,
    alive: () => !over,
    loaded: () => loaded,
    send: (json) =>
      new Promise((resolve) => {
        if (channel === undefined || channel.destroyed) resolve();
        else channel.write(`${json}\n`, () => resolve());
      }),
    listen(on) {
      if (on) channel?.resume();
      else channel?.pause();
    },
    divert(takes) {
      diverted = takes;
    },
    hold,
    kill() {
      if (started.pid !== undefined && !over) killGroup(started.pid);
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
