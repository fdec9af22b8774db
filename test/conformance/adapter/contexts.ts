import { type CallContext, createGuard, perUser, toolPolicy } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { trailOf } from './trail.ts';

/** One guard, a context per request. */
export function contexts<Tools>(harness: AdapterHarness<Tools>): void {
  it('gives policies the principal and session of the request', async () => {
    const seen: CallContext[] = [];
    const guard = createGuard({
      policy: (_, context) => {
        seen.push(context);
        return 'allow';
      },
      approver: () => 'deny',
      context: { agent: 'planner' },
    });
    const request = guard.with({ principal: { id: 'ada', tenant: 'acme' }, session: 'chat-1' });
    await harness.run(harness.guard(harness.tools([sample('weather')]), request), [
      [call('weather')],
    ]);
    expect(seen).toMatchObject([
      { principal: { id: 'ada', tenant: 'acme' }, session: 'chat-1', agent: 'planner' },
    ]);
  });

  it('writes them into every entry', async () => {
    const guard = createGuard({ policy: toolPolicy({ deny: ['wipe'] }) });
    const request = guard.with({ principal: { id: 'ada', tenant: 'acme' }, session: 'chat-1' });
    const tools = harness.guard(harness.tools([sample('weather'), sample('wipe')]), request);
    await harness.run(tools, [[call('weather'), call('wipe')]]);
    const entries = await trailOf(guard);
    expect(entries).toHaveLength(3);
    for (const entry of entries) {
      expect(entry).toMatchObject({ user: 'ada', tenant: 'acme', session: 'chat-1' });
    }
  });

  it('decides for each request by its own', async () => {
    const wipe = sample('wipe');
    const guard = createGuard({
      policy: perUser({
        policies: { admin: toolPolicy({}) },
        default: toolPolicy({ deny: ['wipe'] }),
      }),
    });
    const tools = harness.tools([wipe]);
    const [admin, guest] = ['admin', 'guest'].map((id) =>
      harness.guard(tools, guard.with({ principal: { id } })),
    ) as [Tools, Tools];
    const runs = await Promise.all([
      harness.run(guest, [[call('wipe')]]),
      harness.run(admin, [[call('wipe', { city: 'Basel' })]]),
    ]);
    expect(outcomeOf(runs[0], 'wipe').seen).toContain('deny list');
    expect(outcomeOf(runs[1], 'wipe').seen).toContain('wipe in Basel');
    expect(wipe.runs).toEqual([{ city: 'Basel' }]);
  });

  it('leads from guarded tools to their guard', () => {
    const guard = createGuard({ policy: () => 'allow' });
    const tools = harness.guard(harness.tools([sample('weather')]), guard);
    expect(harness.guardOf(tools)).toBe(guard);
    const own = harness.guard(harness.tools([sample('weather')]), () => 'allow');
    expect(harness.guardOf(own).audit).toBeDefined();
  });
}
