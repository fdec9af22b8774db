import { allowAll, createGuard } from '@guardstile/core';
import { expect, it } from 'vitest';
import { gate } from './gate.ts';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { actionsOf } from './trail.ts';

/** A run that its caller gives up. */
export function aborts<Tools>(harness: AdapterHarness<Tools>): void {
  if (harness.capabilities.abort) aborted(harness);
  else toTheEnd(harness);
}

function aborted<Tools>(harness: AdapterHarness<Tools>): void {
  it('stops waiting for a body that never ends, and the log does not know how it ended', async () => {
    const started = gate();
    const stuck = sample('stuck', {
      run: () => {
        started.open();
        return new Promise(() => undefined);
      },
    });
    const guard = createGuard({ policy: allowAll() });
    const ended = gate();
    guard.on('end', ended.open);
    const controller = new AbortController();
    const tools = harness.guard(harness.tools([stuck]), guard);
    const running = harness.run(tools, [[call('stuck')]], { signal: controller.signal });
    await started.opened;
    controller.abort();
    await Promise.allSettled([running, ended.opened]);
    expect(await actionsOf(guard)).toEqual(['tool.allow', 'tool.outcome unknown']);
  });

  it('tells the body', async () => {
    const started = gate();
    let told: AbortSignal | undefined;
    const stuck = sample('stuck', {
      run: (_, { signal }) => {
        told = signal;
        started.open();
        return new Promise(() => undefined);
      },
    });
    const controller = new AbortController();
    const tools = harness.guard(harness.tools([stuck]), allowAll());
    const running = harness.run(tools, [[call('stuck')]], { signal: controller.signal });
    await started.opened;
    expect(told?.aborted).toBe(false);
    controller.abort();
    await Promise.allSettled([running]);
    expect(told?.aborted).toBe(true);
  });

  it('stops waiting for a person, and nothing runs', async () => {
    const waiting = gate();
    let told: AbortSignal | undefined;
    const refund = sample('refund');
    const guard = createGuard({
      policy: () => 'ask',
      approver: (_, { signal }) => {
        told = signal;
        waiting.open();
        return new Promise<never>(() => undefined);
      },
    });
    const ended = gate();
    guard.on('error', ended.open);
    const controller = new AbortController();
    const tools = harness.guard(harness.tools([refund]), guard);
    const running = harness.run(tools, [[call('refund')]], { signal: controller.signal });
    await waiting.opened;
    controller.abort();
    await Promise.allSettled([running, ended.opened]);
    expect(told?.aborted).toBe(true);
    expect(refund.runs).toEqual([]);
    expect(await actionsOf(guard)).toEqual(['tool.ask', 'approval.cancelled', 'tool.deny']);
  });

  it('stops waiting for a policy, and nothing runs', async () => {
    const waiting = gate();
    const weather = sample('weather');
    const guard = createGuard({
      policy: () => {
        waiting.open();
        return new Promise<never>(() => undefined);
      },
      // Nobody has to be asked natively before the body.
      approver: () => 'deny',
    });
    const ended = gate();
    guard.on('error', ended.open);
    const controller = new AbortController();
    const tools = harness.guard(harness.tools([weather]), guard);
    const running = harness.run(tools, [[call('weather')]], { signal: controller.signal });
    await waiting.opened;
    controller.abort();
    await Promise.allSettled([running, ended.opened]);
    expect(weather.runs).toEqual([]);
    expect(await actionsOf(guard)).toEqual(['tool.deny']);
  });
}

function toTheEnd<Tools>(harness: AdapterHarness<Tools>): void {
  it('waits for every body to end, since the framework cannot abort a run', async () => {
    const [started, release] = [gate(), gate()];
    const slow = sample('slow', {
      run: async () => {
        started.open();
        await release.opened;
        return 'done after all';
      },
    });
    const controller = new AbortController();
    const tools = harness.guard(harness.tools([slow]), allowAll());
    const running = harness.run(tools, [[call('slow')]], { signal: controller.signal });
    await started.opened;
    controller.abort();
    release.open();
    expect(outcomeOf(await running, 'slow').seen).toContain('done after all');
  });
}
