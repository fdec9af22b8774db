import { describe, expect, it } from 'vitest';

import { expectRefusal, storyOf, thrownBy } from '../test/harness.ts';
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
});
