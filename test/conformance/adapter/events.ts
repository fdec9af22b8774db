import { type Approver, createGuard, type GuardEvent, type PolicyInput } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';

/** What listeners are told, in the order of the pipeline, once each. */
export function events<Tools>(harness: AdapterHarness<Tools>): void {
  async function told(policy: PolicyInput, approver?: Approver['ask']) {
    const heard: GuardEvent[] = [];
    const guard = createGuard({
      policy,
      hooks: { onEvent: (event) => heard.push(event) },
      ...(approver === undefined ? {} : { approver }),
    });
    const tools = harness.guard(harness.tools([sample('weather')]), guard);
    const run = await harness.run(tools, [[call('weather')]]);
    return { run, heard, tools, types: () => typesOf(heard) };
  }

  const ALLOWED = [
    'call',
    'audit tool.allow',
    'decision allow',
    'start',
    'audit tool.outcome',
    'end ok',
  ];
  const DENIED = ['call', 'audit tool.deny', 'decision deny', 'error'];

  it.each([
    ['with somebody to ask', () => 'deny' as const],
    ['with nobody to ask', undefined],
  ])('tell of an allowed call %s', async (_, approver) => {
    const { types } = await told(() => 'allow', approver);
    expect(types()).toEqual(ALLOWED);
  });

  it.each([
    ['with somebody to ask', () => 'deny' as const],
    ['with nobody to ask', undefined],
  ])('tell of a denied call %s', async (_, approver) => {
    const { types } = await told(() => 'deny', approver);
    expect(types()).toEqual(DENIED);
  });

  it('tell of a call that is asked and approved', async () => {
    const { types } = await told(
      () => 'ask',
      () => 'approve',
    );
    expect(types()).toEqual([
      'call',
      'decision ask',
      'audit tool.ask',
      'approval.requested',
      'audit approval.approve',
      'approval.resolved approved',
      'audit tool.allow',
      'decision allow',
      'start',
      'audit tool.outcome',
      'end ok',
    ]);
  });

  it(
    harness.capabilities.nativeApproval
      ? 'tell of a call that the framework asks about, once each however often it is decided'
      : 'tell of a call that nobody can be asked about',
    async () => {
      const { run, tools, heard, types } = await told(() => 'ask');
      if (!harness.capabilities.nativeApproval) {
        expect(types()).toEqual(['call', 'decision ask', ...DENIED.slice(1)]);
        return;
      }
      expect(types()).toEqual(['call', 'decision ask', 'audit tool.ask', 'approval.requested']);
      await run.resume(tools, 'approve');
      // The call is received again when it comes back.
      const resumed = types().slice(4);
      expect(resumed.filter((type) => type !== 'call')).toEqual([
        'audit approval.approve',
        'approval.resolved approved',
        'audit tool.allow',
        'decision allow',
        'start',
        'audit tool.outcome',
        'end ok',
      ]);
      expect(new Set(heard.map(({ rid }) => rid)).size).toBe(1);
    },
  );

  it('carry one rid per call, and the name of the tool', async () => {
    const { heard } = await told(
      () => 'ask',
      () => 'approve',
    );
    expect(new Set(heard.map(({ rid }) => rid)).size).toBe(1);
    expect(new Set(heard.map(({ tool }) => tool?.name))).toEqual(new Set(['weather']));
  });

  it('do not let a listener that throws reach the run', async () => {
    const guard = createGuard({ policy: () => 'allow' });
    guard.on('decision', () => {
      throw new Error('a listener of no importance');
    });
    guard.on('end', () => Promise.reject(new Error('another one')));
    const tools = harness.guard(harness.tools([sample('weather')]), guard);
    const run = await harness.run(tools, [[call('weather')]]);
    expect(outcomeOf(run, 'weather').seen).toContain('weather in Bern');
  });
}

/** Each event as its type and what tells it apart from others of the type. */
function typesOf(heard: readonly GuardEvent[]): readonly string[] {
  return heard.map((event) => {
    switch (event.type) {
      case 'decision':
        return `decision ${event.effect}`;
      case 'audit':
        return `audit ${event.action}`;
      case 'approval.resolved':
        return `approval.resolved ${event.state}`;
      case 'end':
        return `end ${event.status}`;
      default:
        return event.type;
    }
  });
}
