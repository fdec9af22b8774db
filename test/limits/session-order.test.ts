import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  createGuard,
  type Guard,
  type GuardOptions,
  isGuardError,
  memoryLimits,
} from '@guardstile/core';
import {
  loopHooks,
  type LoopOptions,
  memoryHistory,
  orderHooks,
  type OrderRule,
  type SessionHistory,
  sqliteHistory,
  sqliteLimits,
} from '@guardstile/limits';
import { describe, expect, it, onTestFinished } from 'vitest';

const ann = { principal: { id: 'ann', tenant: 'acme' }, session: 's1' };

function folder(): string {
  const made = mkdtempSync(
    join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'guardstile-order-'),
  );
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function inFile(path = join(folder(), 'limits.db')): SessionHistory {
  const history = sqliteHistory(path);
  onTestFinished(() => history.close());
  return history;
}

/** What is refused: its code, and the rule that it is for. */
async function call(guard: Guard, tool: string, args: unknown = {}, source?: string) {
  try {
    const request = { tool, args, ...(source === undefined ? {} : { source }) };
    return await guard.call(request, () => {
      if (tool === 'failing') throw new Error('failed');
      return 'ran';
    });
  } catch (error) {
    return isGuardError(error) ? `${error.code} ${error.rule ?? ''}`.trim() : 'failed';
  }
}

describe.each<readonly [string, () => SessionHistory]>([
  ['memory', memoryHistory],
  ['a file', inFile],
])('rules of order, with a history in %s', (_, open) => {
  const rule: OrderRule = { id: 'reviewed', tool: 'refund', after: 'review' };
  const ordered = (rules: readonly OrderRule[], more: Partial<GuardOptions> = {}) =>
    createGuard({ policy: () => 'allow', hooks: orderHooks(rules, open()), context: ann, ...more });

  it('deny a call until the other has ended well', async () => {
    const guard = ordered([rule]);
    expect(await call(guard, 'refund')).toBe('denied reviewed');
    expect(await call(guard, 'anything')).toBe('ran');
    expect(await call(guard, 'review')).toBe('ran');
    expect(await call(guard, 'refund')).toBe('ran');
  });

  it('take a call that failed, or was denied, for one that was not made', async () => {
    const guard = ordered([{ ...rule, after: 'failing' }], {
      policy: ({ tool }) => (tool.name === 'denied' ? 'deny' : 'allow'),
    });
    expect(await call(guard, 'failing')).toBe('failed');
    expect(await call(guard, 'refund')).toBe('denied reviewed');
    const other = ordered([{ ...rule, after: 'denied' }], {
      policy: ({ tool }) => (tool.name === 'denied' ? 'deny' : 'allow'),
    });
    expect(await call(other, 'denied')).toBe('denied');
    expect(await call(other, 'refund')).toBe('denied reviewed');
  });

  it('are about one session of one person', async () => {
    const guard = ordered([rule]);
    await call(guard, 'review');
    for (const other of [
      { session: 's2' },
      { principal: { id: 'eve', tenant: 'acme' } },
      { principal: { id: 'ann', tenant: 'other' } },
    ]) {
      expect(await call(guard.with({ ...ann, ...other }), 'refund')).toBe('denied reviewed');
    }
    expect(await call(guard, 'refund')).toBe('ran');
  });

  it('deny where there is no session that anything could have happened in', async () => {
    const guard = ordered([rule], { context: { principal: { id: 'ann' } } });
    await call(guard, 'review');
    expect(await call(guard, 'refund')).toBe('denied reviewed');
  });

  it('are not kept by a tool of another source that has the name', async () => {
    const guard = ordered([rule]);
    expect(await call(guard, 'review', {}, 'mcp')).toBe('ran');
    expect(await call(guard, 'refund')).toBe('denied reviewed');
    expect(await call(guard, 'refund', {}, 'mcp')).toBe('denied reviewed');
  });

  it('can be about the same thing', async () => {
    const guard = ordered([{ ...rule, same: ['order'] }]);
    await call(guard, 'review', { order: 'o1', by: 'x' });
    await call(guard, 'review', {});
    expect(await call(guard, 'refund', { order: 'o2' })).toBe('denied reviewed');
    expect(await call(guard, 'refund', {})).toBe('denied reviewed');
    expect(await call(guard, 'refund', Object.create({ order: 'o1' }))).toMatch(/^(denied|args)/);
    expect(await call(guard, 'refund', { order: 'o1' })).toBe('ran');
  });

  it('all have to be kept', async () => {
    const guard = ordered([rule, { id: 'counted', tool: 'refund', after: 'count' }]);
    await call(guard, 'review');
    expect(await call(guard, 'refund')).toBe('denied counted');
    await call(guard, 'count');
    expect(await call(guard, 'refund')).toBe('ran');
  });
});

describe('rules of order', () => {
  it('deny when the history cannot be read', async () => {
    const history: SessionHistory = {
      name: 'broken',
      has: () => Promise.reject(new Error('no disk')),
      add: () => undefined,
    };
    const hooks = orderHooks([{ id: 'a', tool: 'refund', after: 'review' }], history);
    const guard = createGuard({ policy: () => 'allow', hooks, context: ann });
    await call(guard, 'review');
    expect(await call(guard, 'refund')).toBe('hook_error');
  });

  it('are known to every process that has the file', async () => {
    const path = join(folder(), 'limits.db');
    const rules = [{ id: 'a', tool: 'refund', after: 'review' }];
    const [one, other] = [inFile(path), inFile(path)].map((history) =>
      createGuard({ policy: () => 'allow', hooks: orderHooks(rules, history), context: ann }),
    );
    if (one === undefined || other === undefined) throw new Error('there are two');
    await call(one, 'review');
    expect(await call(other, 'refund')).toBe('ran');
  });

  it('forget those who did nothing for longest, who then have to begin anew', async () => {
    const history = memoryHistory({ maxSessions: 2 });
    const key = (session: string) => ({ tenant: undefined, principal: undefined, session });
    for (const session of ['a', 'b', 'a', 'c']) await history.add(key(session), 'event');
    const known = ['a', 'b', 'c'].map((session) => history.has(key(session), 'event'));
    expect(known).toEqual([true, false, true]);
  });

  it.each([
    [[{ id: 'a', tool: 'refund' }]],
    [[{ id: 'a', tool: 'refund', after: 'review', before: 'x' }]],
    [[{ id: 'a', tool: 'refund', after: 'review', same: 'order' }]],
    [[{ id: '', tool: 'refund', after: 'review' }]],
    [
      [
        { id: 'a', tool: 'refund', after: 'review' },
        { id: 'a', tool: 'refund', after: 'count' },
      ],
    ],
  ])('that are not understood are refused: %j', (rules) => {
    expect(() => orderHooks(rules as never, memoryHistory())).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});

describe('an agent that repeats itself', () => {
  const repeating = (policy: GuardOptions['policy'], options: LoopOptions = { max: 2 }) => ({
    policy,
    hooks: loopHooks(options),
    context: ann,
  });
  const times = async (n: number, one: () => Promise<unknown>): Promise<readonly unknown[]> => {
    const answers: unknown[] = [];
    for (let i = 0; i < n; i += 1) answers.push(await one());
    return answers;
  };

  it('is stopped, in whichever process, and may do something else', async () => {
    const path = join(folder(), 'limits.db');
    const [one, other] = [1, 2].map(() => {
      const limits = sqliteLimits(path);
      onTestFinished(() => limits.close());
      return createGuard(repeating(() => 'allow', { max: 2, limits }));
    });
    if (one === undefined || other === undefined) throw new Error('there are two');
    expect(await call(one, 'search', { q: 'a' })).toBe('ran');
    expect(await call(other, 'search', { q: 'a' })).toBe('ran');
    expect(await call(one, 'search', { q: 'a' })).toBe('denied loop');
    expect(await call(one, 'search', { q: 'b' })).toBe('ran');
    expect(await call(one.with({ ...ann, session: 's2' }), 'search', { q: 'a' })).toBe('ran');
    expect(await call(one, 'search', { q: 'a' }, 'mcp:other')).toBe('ran');
  });

  it('is told so when what it repeats is denied, too', async () => {
    const deny = { effect: 'deny', reason: 'no', rule: 'mine' } as const;
    const guard = createGuard(repeating(() => deny));
    expect(await times(4, () => call(guard, 'search'))).toEqual([
      'denied mine',
      'denied mine',
      'denied loop',
      'denied loop',
    ]);
  });

  it('is stopped where its calls fail', async () => {
    const guard = createGuard(repeating(() => 'allow'));
    expect(await times(3, () => call(guard, 'failing'))).toEqual([
      'failed',
      'failed',
      'denied loop',
    ]);
  });

  it('does not go on asking a person who says no', async () => {
    let asked = 0;
    const approver = () => {
      asked += 1;
      return 'deny' as const;
    };
    const guard = createGuard({ ...repeating(() => 'ask'), approver });
    expect(await times(4, () => call(guard, 'search'))).toEqual([
      'approval_denied',
      'approval_denied',
      'denied loop',
      'denied loop',
    ]);
    expect(asked).toBe(2);
  });

  it('is not taken for one because somebody has to be asked: a call is decided again, and counts once', async () => {
    const guard = createGuard({ ...repeating(() => 'ask', { max: 1 }), approver: () => 'approve' });
    expect(await call(guard, 'search')).toBe('ran');
    expect(await call(guard, 'search')).toBe('denied loop');
  });

  it('is not taken for one because its call is resumed, or checked before it is made', async () => {
    const guard = createGuard({ ...repeating(() => 'ask', { max: 1 }), asks: 'suspend' });
    const request = { tool: 'search', id: 'c1', args: {} };
    expect((await guard.decide(request)).effect).toBe('ask');
    const made = async (): Promise<unknown> => {
      try {
        return await guard.call(request, () => 'ran');
      } catch (error) {
        return isGuardError(error) ? error.code : error;
      }
    };
    expect(await times(3, made)).toEqual(Array(3).fill('approval_required'));
    expect(await call(guard, 'search')).toBe('denied loop');
  });

  it('does not get past it with an argument that says nothing', async () => {
    const guard = createGuard(repeating(() => 'allow', { max: 1, ignore: ['why'] }));
    expect(await call(guard, 'search', { q: 'a', why: 'to see' })).toBe('ran');
    expect(await call(guard, 'search', { q: 'a', why: 'to be sure' })).toBe('denied loop');
    expect(await call(guard, 'search', { q: 'b', why: 'to see' })).toBe('ran');
  });

  it('may go on when the window is over', async () => {
    let now = 1_000_000;
    const limits = memoryLimits({ clock: () => now });
    const guard = createGuard(repeating(() => 'allow', { max: 1, windowMs: 60_000, limits }));
    expect(await call(guard, 'search')).toBe('ran');
    expect(await call(guard, 'search')).toBe('denied loop');
    now += 60_001;
    expect(await call(guard, 'search')).toBe('ran');
  });

  it('does nothing where it cannot be counted', async () => {
    const limits = sqliteLimits(join(folder(), 'limits.db'));
    limits.close();
    const guard = createGuard(repeating(() => 'allow', { limits }));
    expect(await call(guard, 'search')).toBe('hook_error');
  });

  it.each([
    { max: 0 },
    { max: 1.5 },
    { windowMs: 0 },
    { maximum: 3 },
    { ignore: 'why' },
    { limits: {} },
  ])('is refused options that are not understood: %j', (options) => {
    expect(() => loopHooks(options as never)).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});
