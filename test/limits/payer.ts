// A process with a guard of its own over limits and a stop switch that others share. It makes a call
// whenever it is told to, writes down that the body started before anything else happens, and lets
// the body end when it is told to, if it lives to be told.
import { appendFileSync } from 'node:fs';

import { createGuard, isGuardError, type LimitClaim } from '@guardstile/core';
import { sqliteLimits, sqliteStopSwitch } from '@guardstile/limits';

/** What it is told. */
export type Order =
  | { readonly do: 'pay'; readonly id: string }
  | { readonly do: 'finish' }
  | { readonly do: 'stop'; readonly reason: string };

/** What it tells. */
export type News =
  | { readonly is: 'ready' | 'stopped' }
  | { readonly is: 'started' | 'asked'; readonly id: string }
  | { readonly is: 'over'; readonly id: string; readonly came: string };

export interface PayerOptions {
  readonly path: string;
  /** Gets a line for every body that starts. */
  readonly ledger: string;
  readonly limit: LimitClaim;
  /** How far its clock is ahead, in milliseconds. */
  readonly ahead: number;
  /** Whether somebody has to be asked first, who never answers. */
  readonly asks: boolean;
}

const options = JSON.parse(process.argv[2] ?? '') as PayerOptions; // the test's
const limits = sqliteLimits(options.path, { clock: () => Date.now() + options.ahead });
const stopSwitch = sqliteStopSwitch(options.path);
const guard = createGuard({
  policy: () => ({ effect: options.asks ? 'ask' : 'allow', limits: [options.limit] }),
  asks: 'wait',
  limits,
  stopSwitch,
});

const tell = (news: News): void => void process.send?.(news);
guard.on('approval.requested', ({ call = '' }) => tell({ is: 'asked', id: call }));
let finish = Promise.withResolvers<string>();

async function pay(id: string): Promise<void> {
  let came = 'paid';
  try {
    await guard.call({ tool: 'pay', id, args: {} }, () => {
      appendFileSync(options.ledger, `${id}\n`);
      tell({ is: 'started', id });
      return finish.promise;
    });
  } catch (error) {
    came = isGuardError(error) ? error.code : String(error);
  }
  tell({ is: 'over', id, came });
}

process.on('message', (order: Order) => {
  if (order.do === 'pay') void pay(order.id);
  else if (order.do === 'stop') {
    stopSwitch.stop(order.reason);
    tell({ is: 'stopped' });
  } else {
    finish.resolve('paid');
    finish = Promise.withResolvers();
  }
});
process.once('disconnect', () => {
  limits.close();
  stopSwitch.close();
});
tell({ is: 'ready' });
