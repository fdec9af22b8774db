import { type ApprovalRequest, createGuard, standardPolicy } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';

/** What the developer has said of tools, and what nobody has. */
export function facts<Tools>(harness: AdapterHarness<Tools>): void {
  it('asks about a tool of which nothing is known, and names the missing fact', async () => {
    const frobnicate = sample('frobnicate');
    const requests: ApprovalRequest[] = [];
    const guard = createGuard({
      policy: standardPolicy(),
      approver: (request) => {
        requests.push(request);
        return 'deny';
      },
    });
    await harness.run(harness.guard(harness.tools([frobnicate]), guard), [[call('frobnicate')]]);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.reason).toMatch(/nothing states.*facts: \{ "frobnicate": /);
    expect(frobnicate.runs).toEqual([]);
  });

  it.each([
    ['with a policy', true],
    ['with a guard', false],
  ])('takes the word of the developer for it, given %s', async (_, withPolicy) => {
    const frobnicate = sample('frobnicate');
    const options = { facts: { frobnicate: 'readOnly' } } as const;
    const tools = harness.tools([frobnicate]);
    const policy = standardPolicy();
    const guarded = withPolicy
      ? harness.guard(tools, policy, options)
      : harness.guard(tools, createGuard({ policy }), options);
    const run = await harness.run(guarded, [[call('frobnicate')]]);
    expect(outcomeOf(run, 'frobnicate').seen).toContain('frobnicate in Bern');
  });

  it('lets a name only add risk', async () => {
    const samples = [sample('readCity'), sample('deleteCity')];
    const asked: string[] = [];
    const guard = createGuard({
      policy: standardPolicy(),
      approver: ({ tool }) => {
        asked.push(tool.name);
        return 'deny';
      },
    });
    const tools = harness.guard(harness.tools(samples), guard);
    await harness.run(tools, [[call('readCity')], [call('deleteCity')]]);
    expect(asked).toEqual(['readCity', 'deleteCity']);
  });
}
