import { createGuard } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { actionsOf } from './trail.ts';

/** Asks without an approver: the framework asks, or nobody does and nothing runs. */
export function nobodyToAsk<Tools>(harness: AdapterHarness<Tools>): void {
  if (harness.capabilities.nativeApproval) frameworkAsks(harness);
  else refused(harness);
}

function asking<Tools>(harness: AdapterHarness<Tools>) {
  const refund = sample('refund');
  const weather = sample('weather');
  const guard = createGuard({
    policy: ({ tool }) =>
      tool.name === 'refund' ? { effect: 'ask', reason: 'money leaves the house' } : 'allow',
    context: { principal: { id: 'alice', tenant: 'acme' }, session: 'chat-1' },
  });
  const tools = harness.guard(harness.tools([refund, weather]), guard);
  return { refund, weather, guard, tools };
}

function frameworkAsks<Tools>(harness: AdapterHarness<Tools>): void {
  it('lets the framework ask, and nothing runs until it is answered', async () => {
    const { refund, guard, tools } = asking(harness);
    const run = await harness.run(tools, [[call('refund')]]);
    expect(run.waiting).toEqual(['refund']);
    expect(run.answer).toBeUndefined();
    expect(refund.runs).toEqual([]);
    expect(await actionsOf(guard)).toEqual(['tool.ask']);
  });

  it('runs what is approved there, once', async () => {
    const { refund, guard, tools } = asking(harness);
    const run = await harness.run(tools, [[call('refund')]]);
    const resumed = await run.resume(tools, 'approve');
    expect(refund.runs).toEqual([{ city: 'Bern' }]);
    expect(outcomeOf(resumed, 'refund').seen).toContain('refund in Bern');
    expect(resumed.answer).toBeDefined();
    expect(await actionsOf(guard)).toEqual([
      'tool.ask',
      'approval.approve',
      'tool.allow',
      'tool.outcome ok',
    ]);
  });

  it('refuses an approval that was used already', async () => {
    const { refund, tools } = asking(harness);
    const run = await harness.run(tools, [[call('refund')]]);
    await run.resume(tools, 'approve');
    const replayed = await run.resume(tools, 'approve');
    expect(refund.runs).toHaveLength(1);
    expect(outcomeOf(replayed, 'refund').seen).toContain('used already');
  });

  it('refuses an approval under another principal or session', async () => {
    const { refund, guard, tools } = asking(harness);
    const run = await harness.run(tools, [[call('refund')]]);
    for (const context of [
      { principal: { id: 'mallory', tenant: 'acme' } },
      { principal: { id: 'alice', tenant: 'other' } },
      { session: 'chat-2' },
    ]) {
      const other = harness.guard(harness.tools([refund]), guard.with(context));
      const resumed = await run.resume(other, 'approve');
      // A framework that comes back with the call instead of its answer is asked anew.
      if (resumed.waiting.length > 0) expect(resumed.waiting).toEqual(['refund']);
      else expect(outcomeOf(resumed, 'refund').seen).toContain('never opened');
    }
    expect(refund.runs).toEqual([]);
  });

  it('refuses what the policy denies by the time of the answer', async () => {
    const refund = sample('refund');
    let verdict: 'ask' | 'deny' = 'ask';
    const tools = harness.guard(harness.tools([refund]), () => verdict);
    const run = await harness.run(tools, [[call('refund')]]);
    verdict = 'deny';
    const resumed = await run.resume(tools, 'approve');
    expect(refund.runs).toEqual([]);
    expect(outcomeOf(resumed, 'refund').seen).toContain('denied');
  });

  it('runs nothing that is denied there', async () => {
    const { refund, tools } = asking(harness);
    const run = await harness.run(tools, [[call('refund')]]);
    const resumed = await run.resume(tools, 'deny');
    expect(refund.runs).toEqual([]);
    expect(resumed.waiting).toEqual([]);
    expect(resumed.answer).toBeDefined();
  });

  it('does not hold up the calls of the step that are allowed', async () => {
    const { refund, weather, tools } = asking(harness);
    const run = await harness.run(tools, [[call('refund'), call('weather')]]);
    expect(run.waiting).toEqual(['refund']);
    expect(weather.runs).toHaveLength(1);
    const resumed = await run.resume(tools, 'approve');
    expect(resumed.answer).toBeDefined();
    expect(refund.runs).toHaveLength(1);
    expect(weather.runs).toHaveLength(1);
  });
}

function refused<Tools>(harness: AdapterHarness<Tools>): void {
  it('refuses an ask, since the framework cannot stop a run, and says how to be asked', async () => {
    const { refund, weather, guard, tools } = asking(harness);
    const run = await harness.run(tools, [[call('refund'), call('weather')]]);
    expect(run.waiting).toEqual([]);
    expect(run.answer).toBeDefined();
    expect(refund.runs).toEqual([]);
    expect(weather.runs).toHaveLength(1);
    expect(outcomeOf(run, 'refund').seen).toMatch(/money leaves the house.*nobody can be asked/s);
    expect(await actionsOf(guard)).toContain('tool.deny');
  });
}
