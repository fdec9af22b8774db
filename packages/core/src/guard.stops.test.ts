import { describe, expect, it } from 'vitest';

import { expectRefusal, never, storyOf, turn, until } from '../test/harness.ts';
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
