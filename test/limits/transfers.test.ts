import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  createGuard,
  type Guard,
  type GuardOptions,
  isGuardError,
  type Limits,
  memoryLimits,
} from '@guardstile/core';
import { sqliteLimits } from '@guardstile/limits';
import { compilePolicy, type RuleDocument } from '@guardstile/policy';
import { describe, expect, it, onTestFinished } from 'vitest';

// What a user of limits sees: rules as they stand in a policy file, real stores, calls and answers.

type Clock = () => number;

function inFile(clock: Clock): Limits {
  const folder = mkdtempSync(
    join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'guardstile-transfers-'),
  );
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const limits = sqliteLimits(join(folder, 'limits.db'), { clock });
  onTestFinished(() => limits.close());
  return limits;
}

/** 5,000 a day, of each currency on its own. */
const rulesFor = (asks: boolean): readonly RuleDocument[] =>
  ['EUR', 'USD'].map((currency) => ({
    id: `pay-${currency}`,
    effect: 'allow',
    tool: 'transfer',
    ...(asks ? { approve: {} } : {}),
    where: { currency },
    limits: [{ id: `paid-${currency}`, amount: { from: 'cents' }, max: 5000, window: '1d' }],
  }));

const ann = { principal: { id: 'ann', tenant: 'acme' }, session: 's1' };

interface Pay {
  readonly cents?: unknown;
  readonly currency?: string;
}

async function pay(guard: Guard, args: Pay, body: () => unknown = () => 'paid'): Promise<unknown> {
  try {
    return await guard.call({ tool: 'transfer', args: { currency: 'EUR', ...args } }, body);
  } catch (error) {
    return isGuardError(error) ? error.code : error;
  }
}

describe.each<readonly [string, (clock: Clock) => Limits]>([
  ['memory', (clock) => memoryLimits({ clock })],
  ['a file', inFile],
])('transfers under 5,000 a day, counted in %s', (_, open) => {
  function paying(isAsked = false, more: Partial<GuardOptions> = {}) {
    let now = 1_800_000_000_000;
    const limits = open(() => now);
    const policy = compilePolicy({ rules: rulesFor(isAsked) });
    const guard = createGuard({ policy, limits, context: ann, ...more });
    return { guard, limits, wait: (ms: number) => (now += ms) };
  }

  /** What is left of the day's 5,000, found out by paying it. */
  async function left(guard: Guard, currency = 'EUR'): Promise<number> {
    for (let cents = 5000; cents > 0; cents -= 500) {
      if ((await pay(guard, { cents, currency })) === 'paid') return cents;
    }
    return 0;
  }

  it('run twice where three of 2,000 come at once', async () => {
    const { guard } = paying();
    let ran = 0;
    const answers = await Promise.all(
      [1, 2, 3].map(() => pay(guard, { cents: 2000 }, async () => (ran += 1))),
    );
    expect(answers).toEqual([1, 2, 'limit_exceeded']);
    expect(ran).toBe(2);
    expect(await left(guard)).toBe(1000);
  });

  it('add up each currency on its own', async () => {
    const { guard } = paying();
    expect(await pay(guard, { cents: 5000, currency: 'EUR' })).toBe('paid');
    expect(await pay(guard, { cents: 1, currency: 'EUR' })).toBe('limit_exceeded');
    expect(await pay(guard, { cents: 5000, currency: 'USD' })).toBe('paid');
    expect(await pay(guard, { cents: 1, currency: 'GBP' })).toBe('denied');
  });

  it.each<readonly [string, unknown]>([
    ['negative', -2000],
    ['nothing', 0],
    ['a fraction', 19.99],
    ['no number', NaN],
    ['endless', Infinity],
    ['too large to be exact', 2 ** 53],
    ['a text', '2000'],
    ['a text that is none', 'all of it'],
    ['a bigint', 2000n],
    ['a list', [2000]],
    ['an object that says what it is worth', { valueOf: 2000 }],
    ['true', true],
    ['null', null],
    ['not there', undefined],
  ])('run nothing and count nothing where the amount is %s', async (__, cents) => {
    const { guard } = paying();
    let ran = 0;
    const answer = await pay(guard, { cents }, () => (ran += 1));
    expect(answer).toMatch(/^(denied|policy_error|args_unsupported)$/);
    expect(ran).toBe(0);
    expect(await left(guard)).toBe(5000);
  });

  it.each(['wait', 'suspend'] as const)(
    'are blocked by no ask that nobody answers, though there are five (%s)',
    async (asks) => {
      const { guard, limits } = paying(true, { asks, approver: [] });
      const leave = new AbortController();
      const asking = guard.with({ ...ann, signal: leave.signal });
      let asked = 0;
      const five = Promise.withResolvers<void>();
      guard.on('approval.requested', () => {
        asked += 1;
        if (asked === 5) five.resolve();
      });
      const waiting = [1, 2, 3, 4, 5].map((cents) => pay(asking, { cents: 1000 + cents }));
      await five.promise;
      const allowing = createGuard({
        policy: compilePolicy({ rules: rulesFor(false) }),
        limits,
        context: ann,
      });
      expect(await left(allowing)).toBe(5000);
      leave.abort();
      await Promise.all(waiting);
    },
  );

  it('stay spent when they fail, take too long or are aborted, and not where nothing was done', async () => {
    const { guard } = paying(false, { timeoutMs: 20 });
    const never = (): Promise<never> => new Promise(() => undefined);
    await pay(guard, { cents: 1000 }, () => Promise.reject(new Error('failed')));
    expect(await pay(guard, { cents: 1000 }, never)).toBe('timeout');
    const leave = new AbortController();
    const aborted = pay(guard.with({ ...ann, signal: leave.signal }), { cents: 1000 }, () => {
      leave.abort();
      return never();
    });
    expect(await aborted).toBe(leave.signal.reason);
    await pay(guard, { cents: 1000 }, () =>
      Promise.reject(Object.assign(new Error('no such account'), { noEffect: true })),
    );
    expect(await left(guard)).toBe(2000);
  });

  it('leave the window one by one, each when its own day is over', async () => {
    const { guard, wait } = paying();
    const hour = 3_600_000;
    expect(await pay(guard, { cents: 3000 })).toBe('paid');
    wait(12 * hour);
    expect(await pay(guard, { cents: 2000 })).toBe('paid');
    wait(11 * hour);
    expect(await pay(guard, { cents: 1 })).toBe('limit_exceeded');
    wait(hour + 1);
    expect(await left(guard)).toBe(3000);
  });

  it('are those of one person, whatever session they name', async () => {
    const { guard } = paying();
    expect(await pay(guard, { cents: 5000 })).toBe('paid');
    expect(await pay(guard.with({ ...ann, session: 's2' }), { cents: 1 })).toBe('limit_exceeded');
    const bob = { principal: { id: 'bob', tenant: 'acme' } };
    expect(await pay(guard.with(bob), { cents: 5000 })).toBe('paid');
  });

  it.each<readonly [string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no disk');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no disk'))],
    ['never answers', () => new Promise(() => undefined)],
    ['answers nonsense', () => ({ ok: 'yes' })],
    ['answers nothing', () => undefined],
  ])('do not run where the store %s', async (__, reserve) => {
    const { guard, limits } = paying();
    const failing = createGuard({
      policy: compilePolicy({ rules: rulesFor(false) }),
      limits: { ...limits, reserve } as Limits,
      storeTimeoutMs: 20,
      context: ann,
    });
    let ran = 0;
    expect(await pay(failing, { cents: 1 }, () => (ran += 1))).toBe('limits_error');
    expect(ran).toBe(0);
    expect(await left(guard)).toBe(5000);
  });
});
