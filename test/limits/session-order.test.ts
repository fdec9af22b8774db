import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createGuard, type Guard, type GuardOptions, isGuardError } from '@guardstile/core';
import {
  loopHooks,
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
  it('is stopped, in whichever process, and may do something else', async () => {
    const path = join(folder(), 'limits.db');
    const [one, other] = [1, 2].map(() => {
      const limits = sqliteLimits(path);
      onTestFinished(() => limits.close());
      return createGuard({
        policy: () => 'allow',
        hooks: loopHooks({ max: 2 }),
        limits,
        context: ann,
      });
    });
    if (one === undefined || other === undefined) throw new Error('there are two');
    expect(await call(one, 'search', { q: 'a' })).toBe('ran');
    expect(await call(other, 'search', { q: 'a' })).toBe('ran');
    expect(await call(one, 'search', { q: 'a' })).toBe('limit_exceeded');
    expect(await call(one, 'search', { q: 'b' })).toBe('ran');
    expect(await call(one.with({ ...ann, session: 's2' }), 'search', { q: 'a' })).toBe('ran');
  });

  it('is not helped by a policy that denies: that stays denied', async () => {
    const guard = createGuard({ policy: () => 'deny', hooks: loopHooks(), context: ann });
    expect(await call(guard, 'search')).toBe('denied');
  });

  it.each([{ max: 0 }, { max: 1.5 }, { windowMs: 0 }, { maximum: 3 }])(
    'is refused options that are not understood: %j',
    (options) => {
      expect(() => loopHooks(options as never)).toThrow(
        expect.objectContaining({ code: 'options_invalid' }),
      );
    },
  );
});
