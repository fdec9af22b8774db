import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { expectRefusal, never, storyOf, thrownBy, turn, until } from '../test/harness.ts';
import { memoryApprovals } from './approvals/memory.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import type { LimitClaim } from './limits/limits.ts';
import { memoryLimits } from './limits/memory.ts';
import { allowAll } from './policy/allow-all.ts';

describe('limits', () => {
  const claim = (more: Partial<LimitClaim> = {}): LimitClaim => ({
    id: 'refunds',
    max: 2,
    windowMs: 60_000,
    ...more,
  });
  const limited = (...limits: LimitClaim[]): GuardOptions => ({
    policy: () => ({ effect: 'allow', limits }),
  });

  it('count calls that are under way', async () => {
    const guard = createGuard(limited(claim()));
    const gate = Promise.withResolvers<void>();
    const call = (): Promise<void> => guard.call({ tool: 'refund', args: {} }, () => gate.promise);
    const running = [call(), call()];
    const error = await expectRefusal(call, 'limit_exceeded');
    expect(error.message).toContain('the limit "refunds" has 0 left, and the call needs 1');
    gate.resolve();
    await Promise.all(running);
    await expectRefusal(call, 'limit_exceeded');
  });

  it('are all reserved or none', async () => {
    const limits = memoryLimits();
    const guard = createGuard({
      ...limited(claim({ id: 'a', max: 5 }), claim({ id: 'b', max: 0 })),
      limits,
    });
    await expectRefusal(() => guard.call({ tool: 'refund', args: {} }, () => 1), 'limit_exceeded');
    const other = createGuard({ ...limited(claim({ id: 'a', max: 5, amount: 5 })), limits });
    expect(await other.call({ tool: 'refund', args: {} }, () => 'refunded')).toBe('refunded');
  });

  it.each<readonly [NonNullable<LimitClaim['per']>, object]>([
    ['principal', { principal: { id: 'eve', tenant: 'acme' } }],
    ['tenant', { principal: { id: 'bob', tenant: 'other' } }],
    ['session', { session: 's2' }],
    ['agent', { agent: 'other' }],
  ])('per %s are shared by nobody else', async (per, another) => {
    const context = { principal: { id: 'bob', tenant: 'acme' }, session: 's1', agent: 'bot' };
    const guard = createGuard({ ...limited(claim({ per, max: 1 })), context });
    const call = (more: object): Promise<number> =>
      guard.with(more).call({ tool: 'refund', args: {} }, () => 1);
    await call({});
    await expectRefusal(() => call({}), 'limit_exceeded');
    expect(await call(another)).toBe(1);
    await expectRefusal(() => call(another), 'limit_exceeded');
  });

  it('of the guard are shared by everybody', async () => {
    const guard = createGuard(limited(claim({ per: 'guard', max: 1 })));
    await guard.with({ principal: { id: 'bob' } }).call({ tool: 'refund', args: {} }, () => 1);
    await expectRefusal(
      () => guard.with({ principal: { id: 'eve' } }).call({ tool: 'refund', args: {} }, () => 1),
      'limit_exceeded',
    );
  });

  it.each<readonly [string, boolean, unknown]>([
    ['an error keeps it spent', false, new Error('half done')],
    [
      'an error without effect releases it',
      true,
      Object.assign(new Error('refused'), { noEffect: true }),
    ],
    ['a text keeps it spent', false, 'refused'],
    ['an object without effect releases it', true, { noEffect: true }],
    ['an inherited claim of no effect keeps it spent', false, Object.create({ noEffect: true })],
    ['a truthy claim of no effect keeps it spent', false, { noEffect: 'yes' }],
  ])('%s', async (_, released, error) => {
    const guard = createGuard(limited(claim({ max: 1 })));
    await thrownBy(() => guard.call({ tool: 'refund', args: {} }, () => Promise.reject(error)));
    const again = (): Promise<string> => guard.call({ tool: 'refund', args: {} }, () => 'refunded');
    if (released) expect(await again()).toBe('refunded');
    else await expectRefusal(again, 'limit_exceeded');
  });

  it.each([
    ['stays spent', false, new Error('half done')],
    [
      'is given back when the tool says, late, that it had no effect',
      true,
      Object.assign(new Error('rolled back'), { noEffect: true }),
    ],
  ])('of a call that ran into its time limit %s', async (_, released, error) => {
    const guard = createGuard({ ...limited(claim({ max: 1 })), timeoutMs: 10 });
    const body = Promise.withResolvers<never>();
    await expectRefusal(
      () => guard.call({ tool: 'refund', args: {} }, () => body.promise),
      'timeout',
    );
    body.reject(error);
    await turn();
    const again = (): Promise<string> => guard.call({ tool: 'refund', args: {} }, () => 'refunded');
    if (released) expect(await again()).toBe('refunded');
    else await expectRefusal(again, 'limit_exceeded');
  });

  it.each([
    ['stays spent', false],
    ['is given back when the tool says that it had no effect', true],
  ])('of a call that is aborted %s', async (_, released) => {
    const guard = createGuard(limited(claim({ max: 1 })));
    const leave = new AbortController();
    const call = guard.with({ signal: leave.signal }).call(
      { tool: 'refund', args: {} },
      (_args, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            if (released) reject(Object.assign(new Error('rolled back'), { noEffect: true }));
          });
        }),
    );
    await turn();
    leave.abort();
    await thrownBy(() => call);
    const again = (): Promise<string> => guard.call({ tool: 'refund', args: {} }, () => 'refunded');
    if (released) expect(await again()).toBe('refunded');
    else await expectRefusal(again, 'limit_exceeded');
  });

  it('know of no effect although the error had to be hidden', async () => {
    const guard = createGuard({
      policy: () => ({
        effect: 'allow',
        limits: [claim({ max: 1 })],
        obligations: [{ type: 'redact', fields: [] }],
      }),
    });
    const error = Object.assign(new Error('sk-1234567890abcdefghij'), { noEffect: true });
    const shown = await thrownBy(() =>
      guard.call({ tool: 'refund', args: {} }, () => Promise.reject(error)),
    );
    expect(shown).toMatchObject({ message: '[redacted]' });
    expect(await guard.call({ tool: 'refund', args: {} }, () => 'refunded')).toBe('refunded');
  });

  it('are given back where nothing started', async () => {
    let stopped: string | undefined = 'maintenance';
    const guard = createGuard({
      ...limited(claim({ max: 1 })),
      stopSwitch: { stopped: () => stopped },
    });
    await expectRefusal(() => guard.call({ tool: 'refund', args: {} }, () => 1), 'stopped');
    stopped = undefined;
    expect(await guard.call({ tool: 'refund', args: {} }, () => 1)).toBe(1);
  });

  it('are given back where the allow could not be recorded', async () => {
    const memory = createGuard({ policy: allowAll() }).audit;
    let broken = true;
    const audit: GuardOptions['audit'] = {
      name: 'flaky',
      durability: 'memory',
      query: () => [],
      verify: () => ({ ok: false, seq: 0, reason: '' }),
      append: (draft) => {
        if (broken || memory === undefined) throw new Error('no disk');
        return memory.append(draft);
      },
    };
    const guard = createGuard({ ...limited(claim({ max: 1 })), audit });
    await expectRefusal(() => guard.call({ tool: 'refund', args: {} }, () => 1), 'audit_error');
    broken = false;
    expect(await guard.call({ tool: 'refund', args: {} }, () => 1)).toBe(1);
  });

  it('that refuse burn no approval: it is good once there is room again', async () => {
    let max = 0;
    const approvals = memoryApprovals();
    const guard = createGuard({
      policy: () => ({ effect: 'ask', limits: [claim({ max })] }),
      approvals,
    });
    const tool = guard.tool({ name: 'refund' });
    const input = {
      id: 'call-1',
      args: {},
      answer: { channel: 'test', verdict: 'approve' },
    } as const;
    await tool.open({ id: 'call-1', args: {} });
    await expectRefusal(() => tool.run(input, () => 1), 'limit_exceeded');
    expect(await approvals.list({})).toMatchObject([{ state: 'approved' }]);
    max = 1;
    expect(await tool.run(input, async () => 'refunded')).toBe('refunded');
    expect(await approvals.list({})).toMatchObject([{ state: 'consumed' }]);
  });

  it('that are refused say so in the log', async () => {
    const guard = createGuard(limited(claim({ max: 0 })));
    await expectRefusal(() => guard.call({ tool: 'refund', args: {} }, () => 1), 'limit_exceeded');
    expect(await storyOf(guard)).toEqual(['tool.deny limit_exceeded']);
  });

  it('may lease for as long as the longest body takes', async () => {
    const leases: number[] = [];
    const memory = memoryLimits();
    const limits = {
      ...memory,
      reserve: (claims: never, attempt: string, leaseMs: number) => {
        leases.push(leaseMs);
        return memory.reserve(claims, attempt, leaseMs);
      },
    };
    const guard = createGuard({ ...limited(claim()), limits });
    const day = 24 * 60 * 60_000;
    await guard.call({ tool: 'refund', args: {}, timeoutMs: day }, () => 1);
    expect(leases[0]).toBeGreaterThan(day);
  });

  it('of 5,000 let two of three transfers of 2,000 run that come at once', async () => {
    const guard = createGuard(limited(claim({ amount: 2000, max: 5000 })));
    const gate = Promise.withResolvers<string>();
    const calls = [1, 2, 3].map(() =>
      guard.call({ tool: 'transfer', args: {} }, () => gate.promise),
    );
    gate.resolve('transferred');
    const settled = await Promise.allSettled(calls);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expectRefusal(
      () => guard.call({ tool: 'transfer', args: {} }, () => 1),
      'limit_exceeded',
    );
  });

  it('hold nothing for a call that waits for a person: five unanswered asks block nobody', async () => {
    const guard = createGuard({
      policy: ({ id }) => ({
        effect: id === 'now' ? 'allow' : 'ask',
        limits: [claim({ max: 1 })],
      }),
      approver: () => never(),
    });
    const leave = new AbortController();
    const asking = guard.with({ signal: leave.signal });
    let asked = 0;
    guard.on('approval.requested', () => (asked += 1));
    const waiting = Array.from({ length: 5 }, (_, i) =>
      asking.call({ tool: 'refund', id: `ask ${i}`, args: {} }, () => 1),
    );
    await until(() => asked === 5);
    expect(await guard.call({ tool: 'refund', id: 'now', args: {} }, () => 'refunded')).toBe(
      'refunded',
    );
    leave.abort();
    await Promise.allSettled(waiting);
  });

  describe('of what runs at once', () => {
    const atOnce = (max: number, more: Partial<LimitClaim> = {}): GuardOptions =>
      limited(claim({ windowMs: 'running', max, ...more }));

    it('are free again as soon as a call is over, however it ends', async () => {
      const guard = createGuard(atOnce(1));
      const call = <T>(body: () => T) => guard.call({ tool: 'render', args: {} }, body);
      const gate = Promise.withResolvers<void>();
      const running = call(() => gate.promise);
      await expectRefusal(() => call(() => 1), 'limit_exceeded');
      gate.resolve();
      await running;
      await thrownBy(() => call(() => Promise.reject(new Error('failed'))));
      expect(await call(() => 'rendered')).toBe('rendered');
    });

    it('count a body that was given up for as long as it runs', async () => {
      const guard = createGuard({ ...atOnce(1), timeoutMs: 10 });
      const body = Promise.withResolvers<void>();
      const call = <T>(execute: () => T) => guard.call({ tool: 'render', args: {} }, execute);
      await expectRefusal(() => call(() => body.promise), 'timeout');
      await expectRefusal(() => call(() => 1), 'limit_exceeded');
      body.resolve();
      await turn();
      expect(await call(() => 'rendered')).toBe('rendered');
    });

    it('count a stream until its consumer is done with it', async () => {
      const guard = createGuard(atOnce(1));
      const call = () =>
        guard.call({ tool: 'tail', args: {} }, async function* () {
          yield 1;
          yield 2;
        });
      const stream = await call();
      await stream.next();
      await expectRefusal(call, 'limit_exceeded');
      await stream.return(undefined);
      const again = await call();
      expect(await again.next()).toEqual({ done: false, value: 1 });
    });

    it('are nothing that code which runs the tool itself can keep to', async () => {
      const guard = createGuard(atOnce(1));
      const error = await expectRefusal(
        () => guard.enforce({ tool: 'render', args: {} }),
        'limits_error',
      );
      expect(error.message).toContain('use call()');
    });

    it('can be one of each tool', async () => {
      const guard = createGuard(atOnce(1, { same: 'tool' }));
      const gate = Promise.withResolvers<void>();
      const call = (tool: string) => guard.call({ tool, args: {} }, () => gate.promise);
      const running = [call('a'), call('b')];
      await expectRefusal(() => call('a'), 'limit_exceeded');
      gate.resolve();
      await Promise.all(running);
    });
  });

  it('of the same call stop an agent that repeats itself, and nothing else', async () => {
    const guard = createGuard(limited(claim({ max: 2, per: 'session', same: 'call' })));
    const call = (tool: string, args: unknown) => guard.call({ tool, args }, () => 1);
    await call('search', { q: 'a', page: 1 });
    await call('search', { page: 1, q: 'a' });
    await expectRefusal(() => call('search', { q: 'a', page: 1 }), 'limit_exceeded');
    await call('search', { q: 'a', page: 2 });
    await call('find', { q: 'a', page: 1 });
    await guard
      .with({ session: 'another' })
      .call({ tool: 'search', args: { q: 'a', page: 1 } }, () => 1);
  });

  it.each([0, 0.5, -0, 2 ** 53])(
    'of an amount of %s count nothing and run nothing',
    async (amount) => {
      const guard = createGuard(limited(claim({ amount, max: 5 })));
      const error = await expectRefusal(
        () => guard.call({ tool: 'refund', args: {} }, () => 1),
        'policy_error',
      );
      expect(error.message).toContain('a whole amount above 0');
    },
  );

  describe('while a call runs', () => {
    /** Leases that end, and a clock that only the test moves. */
    function slow(more: Partial<GuardOptions> = {}) {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
      onTestFinished(() => void vi.useRealTimers());
      const renewed: string[] = [];
      const memory = memoryLimits();
      const guard = createGuard({
        ...limited(claim({ max: 1 })),
        limits: {
          ...memory,
          renew: (token, leaseMs) => {
            renewed.push(token);
            return memory.renew(token, leaseMs);
          },
        },
        ...more,
      });
      return { guard, renewed };
    }
    const HOURS = 5 * 60 * 60_000;

    it('are held for as long as it takes, and not longer', async () => {
      const { guard, renewed } = slow();
      const body = Promise.withResolvers<void>();
      const call = <T>(execute: () => T) => guard.call({ tool: 'refund', args: {} }, execute);
      const running = call(() => body.promise);
      await turn();
      await vi.advanceTimersByTimeAsync(HOURS);
      expect(renewed.length).toBeGreaterThan(20);
      await expectRefusal(() => call(() => 1), 'limit_exceeded');
      body.resolve();
      await running;
      const before = renewed.length;
      await vi.advanceTimersByTimeAsync(HOURS);
      expect(renewed).toHaveLength(before);
      expect(vi.getTimerCount()).toBe(0);
      expect(await call(() => 'refunded')).toBe('refunded');
    });

    it('are renewed for a stream when its next chunk is asked for, and by nothing in between', async () => {
      const { guard, renewed } = slow();
      const stream = await guard.call({ tool: 'tail', args: {} }, async function* () {
        yield 1;
        yield 2;
      });
      await stream.next();
      await vi.advanceTimersByTimeAsync(10 * 60_000);
      expect(renewed).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
      await stream.next();
      expect(renewed).toHaveLength(1);
    });

    it('stay a matter of the store: one that fails to renew does not fail the call', async () => {
      const warnings: string[] = [];
      const memory = memoryLimits();
      const { guard } = slow({
        limits: { ...memory, renew: () => Promise.reject(new Error('no disk')) },
        logger: { info: () => undefined, warn: (message) => warnings.push(message) },
      });
      const body = Promise.withResolvers<string>();
      const running = guard.call({ tool: 'refund', args: {} }, () => body.promise);
      await turn();
      await vi.advanceTimersByTimeAsync(6 * 60_000);
      await until(() => warnings.length > 0);
      expect(warnings[0]).toContain('did not renew');
      body.resolve('refunded');
      expect(await running).toBe('refunded');
    });
  });
});
