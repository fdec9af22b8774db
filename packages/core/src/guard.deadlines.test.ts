import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { expectRefusal, never, storyOf } from '../test/harness.ts';
import type { ApproverAnswer } from './approvals/approver.ts';
import { memoryApprovals } from './approvals/memory.ts';
import { createGuard } from './guard.ts';
import { allowAll } from './policy/allow-all.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

// One clock for all tests: the guard's own timer lives as long as the process.
beforeAll(() => {
  vi.useFakeTimers();
});

afterAll(() => {
  vi.useRealTimers();
});

/** Whether a promise has settled, after everything that was due has happened. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  await vi.advanceTimersByTimeAsync(0);
  return settled;
}

describe('a deadline of 30 days', () => {
  const month = { approvalTimeoutMs: 30 * DAY, approvalExpiresMs: 30 * DAY };

  it('waits for a person for 29 days, although timers overflow at 24.8', async () => {
    const answer = Promise.withResolvers<ApproverAnswer>();
    const guard = createGuard({ policy: () => 'ask', approver: () => answer.promise, ...month });
    const calling = guard.call({ tool: 'pay', args: {} }, () => 'paid');
    for (const days of [1, 23, 1, 4]) {
      await vi.advanceTimersByTimeAsync(days * DAY);
      expect(await settles(calling)).toBe(false);
    }
    answer.resolve('approve');
    expect(await calling).toBe('paid');
  });

  it('ends after 30 days, and not a moment before', async () => {
    const approvals = memoryApprovals();
    const guard = createGuard({
      policy: () => 'ask',
      approver: () => never(),
      approvals,
      ...month,
    });
    const calling = guard.call({ tool: 'pay', args: {} }, () => 'paid');
    const refused = expectRefusal(() => calling, 'approval_expired');
    await vi.advanceTimersByTimeAsync(30 * DAY - 1);
    expect(await settles(calling)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await refused;
    expect(await storyOf(guard)).toEqual([
      'tool.ask',
      'approval.expired',
      'tool.deny approval_expired',
    ]);
  });

  it('holds for an approval that the framework asked for', async () => {
    const guard = createGuard({ policy: () => 'ask', ...month });
    const tool = guard.tool({ name: 'pay' });
    const answer = { channel: 'test', verdict: 'approve' } as const;
    const run = (id: string): unknown => tool.run({ id, args: {}, answer }, () => 'paid');
    await tool.open({ id: 'in time', args: {} });
    await tool.open({ id: 'too late', args: {} });
    await vi.advanceTimersByTimeAsync(30 * DAY - 1);
    expect(run('in time')).toBe('paid');
    await vi.advanceTimersByTimeAsync(1);
    await expectRefusal(() => run('too late'), 'approval_expired');
  });

  it('holds for a body', async () => {
    const body = Promise.withResolvers<string>();
    const guard = createGuard({ policy: allowAll(), timeoutMs: 30 * DAY });
    const calling = guard.call({ tool: 'train', args: {} }, () => body.promise);
    await vi.advanceTimersByTimeAsync(29 * DAY);
    expect(await settles(calling)).toBe(false);
    body.resolve('trained');
    expect(await calling).toBe('trained');
  });

  it('beside short ones does not hold them up', async () => {
    const guard = createGuard({ policy: () => 'ask', approver: () => never(), ...month });
    const long = expectRefusal(
      () => guard.call({ tool: 'pay', args: {} }, () => 1),
      'approval_expired',
    );
    const hasty = createGuard({ policy: () => never(), policyTimeoutMs: 5 });
    const short = expectRefusal(
      () => hasty.call({ tool: 'pay', args: {} }, () => 1),
      'policy_error',
    );
    await vi.advanceTimersByTimeAsync(5);
    await short;
    await vi.advanceTimersByTimeAsync(30 * DAY);
    await long;
  });
});

describe('the time limit of a stream', () => {
  it('counts the time in which the body runs, not how long its reader takes', async () => {
    const guard = createGuard({ policy: allowAll(), timeoutMs: 10 * MINUTE });
    const work = async (minutes: number): Promise<void> => {
      await new Promise((resolve) => {
        setTimeout(resolve, minutes * MINUTE);
      });
    };
    const stream = (await guard.call({ tool: 'watch', args: {} }, async function* () {
      await work(4);
      yield 1;
      await work(4);
      yield 2;
      await work(4);
      yield 3;
    })) as AsyncGenerator<number>;
    for (const chunk of [1, 2]) {
      const next = stream.next();
      await vi.advanceTimersByTimeAsync(4 * MINUTE);
      expect(await next).toEqual({ done: false, value: chunk });
      await vi.advanceTimersByTimeAsync(60 * MINUTE);
    }
    const third = expectRefusal(() => stream.next(), 'timeout');
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect((await third).message).toContain(`within ${10 * MINUTE} ms`);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome timeout timeout']);
  });
});
