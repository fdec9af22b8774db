import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { LimitClaim } from '@guardstile/core';
import { onTestFinished } from 'vitest';

import type { News, Order, PayerOptions } from './payer.ts';

const program = fileURLToPath(new URL('payer.ts', import.meta.url));

/** A process that pays when it is told to. */
export interface Payer {
  /** Makes a call; settles when its body has started, somebody is asked, or it is over, whichever is first. */
  pay(id: string): Promise<string>;
  /** What came of a call. */
  over(id: string): Promise<string>;
  /** Lets the bodies end that run. */
  finish(): void;
  stop(reason: string): Promise<void>;
  kill(): Promise<void>;
  /** Lets it end by itself once its calls are over; answers its exit code. */
  leave(): Promise<unknown>;
}

/** Processes that share one file of limits, for one test. */
export interface Payers {
  readonly path: string;
  start(limit: LimitClaim, options?: Partial<PayerOptions>): Promise<Payer>;
  /** The calls whose bodies started. */
  ledger(): readonly string[];
}

export function payers(): Payers {
  const folder = mkdtempSync(
    join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'guardstile-pay-'),
  );
  const path = join(folder, 'limits.db');
  const ledger = join(folder, 'ledger');
  const children: ChildProcess[] = [];
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    path,
    async start(limit, more = {}) {
      const options: PayerOptions = { path, ledger, limit, ahead: 0, asks: false, ...more };
      const child = fork(program, [JSON.stringify(options)], { stdio: ['ignore', 2, 2, 'ipc'] });
      children.push(child);
      return payer(child);
    },
    ledger: () => (existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n').slice(0, -1) : []),
  };
}

async function payer(child: ChildProcess): Promise<Payer> {
  const news: News[] = [];
  const waiting = new Set<() => void>();
  const exit = once(child, 'exit');
  child.on('message', (message: News) => {
    news.push(message);
    for (const look of waiting) look();
  });

  function heard<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  }

  const cameOf = (id: string): string | undefined =>
    news.flatMap((one) => (one.is === 'over' && one.id === id ? [one.came] : []))[0];
  const started = (id: string): string | undefined =>
    news.flatMap((one) =>
      (one.is === 'started' || one.is === 'asked') && one.id === id ? [one.is] : [],
    )[0];
  const paid: string[] = [];
  const over = (id: string): Promise<string> => heard(() => cameOf(id));
  const say = (order: Order): void => void child.send(order);

  await heard(() => news.find(({ is }) => is === 'ready'));
  return {
    pay(id) {
      paid.push(id);
      say({ do: 'pay', id });
      return heard(() => started(id) ?? cameOf(id));
    },
    over,
    finish: () => say({ do: 'finish' }),
    async stop(reason) {
      say({ do: 'stop', reason });
      await heard(() => news.find(({ is }) => is === 'stopped'));
    },
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
    async leave() {
      await Promise.all(paid.map(over));
      child.disconnect();
      const [code] = (await exit) as readonly unknown[];
      return code;
    },
  };
}
