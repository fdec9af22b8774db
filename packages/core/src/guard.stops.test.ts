import { describe, expect, it } from 'vitest';

import { expectRefusal, never, storyOf, turn, until } from '../test/harness.ts';
import type { Approval, ApprovalStore } from './approvals/approval.ts';
import { memoryApprovals } from './approvals/memory.ts';
import { createGuard } from './guard.ts';
import { allowAll } from './policy/allow-all.ts';
import { type StopSwitch, stopSwitch } from './stop-switch.ts';

describe('a stop switch that is thrown', () => {
  function stoppable(more: object = {}) {
    const stop = stopSwitch();
    return { stop, guard: createGuard({ policy: allowAll(), stopSwitch: stop, ...more }) };
  }

  it('aborts the calls that run, lets none start, and lets them start again when it is lifted', async () => {
    const { stop, guard } = stoppable();
    const signals: Array<AbortSignal | undefined> = [];
    const call = () =>
      guard.call({ tool: 'work', args: {} }, (_, { signal }) => {
        signals.push(signal);
        return never();
      });
    const running = [call(), call()];
    await until(() => signals.length === 2);
    const undo = stop.stop('incident 7');
    for (const one of running) {
      const error = await expectRefusal(() => one, 'stopped');
      expect(error.message).toBe(
        'work: calls are stopped: incident 7; it may still have had an effect',
      );
    }
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
    await expectRefusal(call, 'stopped');
    expect(signals).toHaveLength(2);
    undo();
    expect(await guard.call({ tool: 'work', args: {} }, () => 'done')).toBe('done');
    const story = await storyOf(guard);
    expect(story.filter((line) => line.includes('unknown'))).toHaveLength(2);
  });

  it('is heard by a body that listens, which ends as it likes', async () => {
    const { stop, guard } = stoppable();
    const call = guard.call(
      { tool: 'work', args: {} },
      (_, { signal }) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve('half done'));
        }),
    );
    await turn();
    stop.stop('incident');
    expect(await call).toBe('half done');
  });

  it('ends a stream at its next chunk, and while one is waited for', async () => {
    const { stop, guard } = stoppable();
    let made = 0;
    const open = () =>
      guard.call({ tool: 'tail', args: {} }, async function* () {
        yield (made += 1);
        if (made > 1) await never();
        yield (made += 1);
        await never();
      });
    const [between, during] = [await open(), await open()];
    await between.next();
    await during.next();
    const waiting = during.next();
    stop.stop('incident');
    await expectRefusal(() => waiting, 'stopped');
    await expectRefusal(() => between.next(), 'stopped');
  });

  it('reaches calls that are made within calls', async () => {
    const { stop, guard } = stoppable();
    let inner: Promise<unknown> = Promise.resolve();
    let started = false;
    const outer = guard.call({ tool: 'outer', args: {} }, () => {
      inner = guard.call({ tool: 'inner', args: {} }, () => {
        started = true;
        return never();
      });
      return inner;
    });
    await until(() => started);
    stop.stop('incident');
    await expectRefusal(() => outer, 'stopped');
    await expectRefusal(() => inner, 'stopped');
  });

  it('aborts nothing of those whom it is not meant for', async () => {
    const listeners = new Set<() => void>();
    let stoppedFor = 'nobody';
    const choosy: StopSwitch = {
      stopped: ({ principal }) => (principal?.id === stoppedFor ? 'suspended' : undefined),
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const guard = createGuard({ policy: allowAll(), stopSwitch: choosy });
    const body = Promise.withResolvers<string>();
    const of = (id: string) =>
      guard.with({ principal: { id } }).call({ tool: 'work', args: {} }, () => body.promise);
    const [ann, eve] = [of('ann'), of('eve')];
    await until(() => listeners.size === 2);
    stoppedFor = 'eve';
    for (const listener of listeners) listener();
    await expectRefusal(() => eve, 'stopped');
    body.resolve('done');
    expect(await ann).toBe('done');
    expect(listeners.size).toBe(0);
  });

  it.each<readonly [string, Partial<StopSwitch>]>([
    [
      'cannot be watched',
      {
        subscribe: () => {
          throw new Error('no disk');
        },
      },
    ],
    [
      'cannot be read any more',
      {
        stopped: (() => {
          let looks = 0;
          return () => {
            looks += 1;
            if (looks > 1) throw new Error('no disk');
            return undefined;
          };
        })(),
        subscribe: () => () => undefined,
      },
    ],
  ])('counts as thrown where it %s', async (_, parts) => {
    const guard = createGuard({
      policy: allowAll(),
      stopSwitch: { stopped: () => undefined, ...parts },
    });
    await expectRefusal(() => guard.call({ tool: 'work', args: {} }, () => never()), 'stopped');
  });

  it('that cannot be left alone does not fail a call that ran', async () => {
    const guard = createGuard({
      policy: allowAll(),
      stopSwitch: {
        stopped: () => undefined,
        subscribe: () => () => {
          throw new Error('no disk');
        },
      },
    });
    expect(await guard.call({ tool: 'work', args: {} }, async () => 'done')).toBe('done');
  });

  it('uses up no approval', async () => {
    const approvals = memoryApprovals();
    const { stop, guard } = stoppable({
      policy: () => 'ask',
      approver: () => 'approve',
      approvals,
    });
    const undo = stop.stop('incident');
    await expectRefusal(() => guard.call({ tool: 'work', args: {} }, () => 1), 'stopped');
    expect(await approvals.list({ state: 'consumed' })).toEqual([]);
    undo();
    expect(await guard.call({ tool: 'work', args: {} }, () => 1)).toBe(1);
  });

  it('keeps what was reserved spent', async () => {
    const { stop, guard } = stoppable({
      policy: () => ({ effect: 'allow', limits: [{ id: 'x', max: 1, windowMs: 60_000 }] }),
    });
    const call = guard.call({ tool: 'work', args: {} }, () => never());
    await turn();
    const undo = stop.stop('incident');
    await expectRefusal(() => call, 'stopped');
    undo();
    await expectRefusal(() => guard.call({ tool: 'work', args: {} }, () => 1), 'limit_exceeded');
  });
});

describe('a stop switch that is thrown while people are asked', () => {
  function asking(more: object = {}) {
    const stop = stopSwitch();
    const approvals = memoryApprovals();
    const shown: AbortSignal[] = [];
    const approver = {
      name: 'prompt',
      ask: (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
        shown.push(signal);
        return never();
      },
    };
    const options = { policy: () => 'ask' as const, approvals, stopSwitch: stop };
    const guard = createGuard({ ...options, approver, ...more });
    const call = (args: object = {}) => guard.call({ tool: 'work', args }, () => 'ran');
    return { stop, approvals, shown, guard, call };
  }

  const byAnn = () =>
    ({
      effect: 'ask',
      requirements: { votes: [{ kind: 'approvers', by: ['ann'], quorum: 1 }] },
    }) as const;

  async function approve(approvals: ApprovalStore, open: Approval | undefined): Promise<void> {
    if (open === undefined) throw new Error('nothing is open');
    const { aid, version, bindings } = open;
    const vote = {
      verdict: 'approve',
      voter: 'ann',
      channel: 'web',
      digest: bindings.digest,
    } as const;
    expect(await approvals.vote(aid, vote, version)).toMatchObject({ ok: true });
  }

  it('calls the question off, in front of whoever has it, and refuses the call', async () => {
    const { stop, approvals, shown, guard, call } = asking();
    const waiting = call();
    await until(() => shown.length === 1);
    const undo = stop.stop('incident 7');
    const error = await expectRefusal(() => waiting, 'stopped');
    expect(error.message).toBe(
      'work: calls are stopped: incident 7; nothing ran, and nobody is asked any more',
    );
    expect(shown.map(({ aborted }) => aborted)).toEqual([true]);
    expect((await approvals.list({})).map(({ state }) => state)).toEqual(['cancelled']);
    expect(await storyOf(guard)).toEqual(['tool.ask', 'approval.cancelled', 'tool.deny stopped']);
    undo();
    void call();
    await until(() => shown.length === 2);
  });

  it('ends a call that waits for an answer from elsewhere', async () => {
    const { stop, approvals, guard, call } = asking({ approver: [], asks: 'wait' });
    const isOpen = Promise.withResolvers<void>();
    guard.on('approval.requested', () => isOpen.resolve());
    const waiting = call();
    await isOpen.promise;
    stop.stop('incident');
    await expectRefusal(() => waiting, 'stopped');
    expect(await approvals.list({ state: 'pending' })).toEqual([]);
  });

  it.each(['wait', 'suspend'] as const)('asks nobody anything new (%s)', async (asks) => {
    const { stop, approvals, shown, guard, call } = asking({ asks });
    stop.stop('incident');
    await expectRefusal(call, 'stopped');
    expect(shown).toEqual([]);
    expect(await approvals.list({})).toEqual([]);
    expect(await storyOf(guard)).toEqual(['tool.deny stopped']);
  });

  it('leaves alone what was suspended before: it goes on once the stop is lifted', async () => {
    const { stop, approvals, guard } = asking({ policy: byAnn, approver: [], asks: 'suspend' });
    const call = () => guard.call({ tool: 'work', id: 'c1', args: {} }, () => 'ran');
    const { aid = '' } = await expectRefusal(call, 'approval_required');
    const undo = stop.stop('incident');
    await expectRefusal(call, 'approval_required');
    const [open] = await approvals.list({ state: 'pending' });
    expect(open?.aid).toBe(aid);
    await approve(approvals, open);
    await expectRefusal(call, 'stopped');
    undo();
    expect(await call()).toBe('ran');
  });

  it('reaches only those whom it is meant for, and is not listened to any more afterwards', async () => {
    const listeners = new Set<() => void>();
    let stoppedFor = 'nobody';
    const { approvals, guard } = asking({
      policy: byAnn,
      approver: [],
      asks: 'wait',
      stopSwitch: {
        stopped: ({ principal }) => (principal?.id === stoppedFor ? 'suspended' : undefined),
        subscribe: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      } satisfies StopSwitch,
    });
    const of = (id: string) =>
      guard.with({ principal: { id } }).call({ tool: 'work', args: {} }, () => 'ran');
    const [bob, eve] = [of('bob'), of('eve')];
    await until(() => listeners.size === 2);
    stoppedFor = 'eve';
    for (const listener of listeners) listener();
    await expectRefusal(() => eve, 'stopped');
    const [open] = await approvals.list({ state: 'pending' });
    expect(open?.bindings.principal).toBe('bob');
    await approve(approvals, open);
    expect(await bob).toBe('ran');
    expect(listeners.size).toBe(0);
  });

  it('counts as thrown where it cannot be watched', async () => {
    const { approvals, call } = asking({
      stopSwitch: {
        stopped: () => undefined,
        subscribe: () => {
          throw new Error('no disk');
        },
      } satisfies StopSwitch,
    });
    await expectRefusal(call, 'stopped');
    expect((await approvals.list({})).map(({ state }) => state)).toEqual(['cancelled']);
  });
});

describe('a stream whose calls are stopped between two chunks', () => {
  it('runs no further, and cleans up', async () => {
    const story: string[] = [];
    const stop = stopSwitch();
    const guard = createGuard({ policy: allowAll(), stopSwitch: stop });
    const stream = guard.wrap('mail', async function* () {
      try {
        yield 1;
        story.push('sent');
        yield 2;
      } finally {
        story.push('cleaned up');
      }
    })();
    await stream.next();
    stop.stop('incident 7');
    await expectRefusal(() => stream.next(), 'stopped');
    expect(story).toEqual(['cleaned up']);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect((await storyOf(guard)).at(-1)).toBe('tool.outcome unknown stopped');
  });

  it('can still be left by whoever reads it', async () => {
    const stop = stopSwitch();
    const guard = createGuard({ policy: allowAll(), stopSwitch: stop });
    const stream = guard.wrap('mail', async function* () {
      yield 1;
      yield 2;
    })();
    await stream.next();
    stop.stop('incident 7');
    expect(await stream.return(undefined as never)).toEqual({ done: true, value: undefined });
  });
});

it('a stop without a reason stops', async () => {
  const stop = stopSwitch();
  const guard = createGuard({ policy: allowAll(), stopSwitch: stop });
  stop.stop(undefined as never);
  await expectRefusal(() => guard.call({ tool: 'work', args: {} }, () => 1), 'stopped');
});
