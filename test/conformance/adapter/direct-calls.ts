import { allowAll, createGuard, toolPolicy } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { call, sample } from './sample.ts';
import { actionsOf } from './trail.ts';

/** Application code that calls a tool itself. */
export function directCalls<Tools>(harness: AdapterHarness<Tools>): void {
  it('gets what it gets without a guard', async () => {
    const tools = harness.tools([sample('weather')]);
    const plain = await harness.call(tools, call('weather'));
    expect(await harness.call(harness.guard(tools, allowAll()), call('weather'))).toEqual(plain);
  });

  it('is guarded too', async () => {
    const wipe = sample('wipe', { run: async () => 'gone' });
    const guard = createGuard({ policy: toolPolicy({ deny: ['wipe'] }) });
    const tools = harness.guard(harness.tools([wipe]), guard);
    await expect(harness.call(tools, call('wipe'))).rejects.toMatchObject({
      name: 'GuardError',
      code: 'denied',
      tool: 'wipe',
    });
    expect(wipe.runs).toEqual([]);
    expect(await actionsOf(guard)).toEqual(['tool.deny']);
  });

  it('is refused what has to be asked', async () => {
    const refund = sample('refund');
    const tools = harness.guard(harness.tools([refund]), () => 'ask');
    await expect(harness.call(tools, call('refund'))).rejects.toMatchObject({
      code: 'approval_required',
    });
    expect(refund.runs).toEqual([]);
  });
}
