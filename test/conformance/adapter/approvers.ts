import { type ApprovalRequest, type ApproverAnswer, createGuard } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, type Sample, sample } from './sample.ts';
import { actionsOf } from './trail.ts';

/** Asks that somebody in this process answers: the run waits and goes on. */
export function approvers<Tools>(harness: AdapterHarness<Tools>): void {
  function asked(answer: (request: ApprovalRequest) => ApproverAnswer | Promise<ApproverAnswer>) {
    const requests: ApprovalRequest[] = [];
    const refund: Sample = sample('refund');
    const guard = createGuard({
      policy: () => ({ effect: 'ask', reason: 'money leaves the house' }),
      approver: (request) => {
        requests.push(request);
        return answer(request);
      },
    });
    return { requests, refund, guard, tools: harness.guard(harness.tools([refund]), guard) };
  }

  it('runs what a person approves', async () => {
    const { refund, tools, guard } = asked(async () => 'approve' as const);
    const run = await harness.run(tools, [[call('refund')]]);
    expect(run.waiting).toEqual([]);
    expect(outcomeOf(run, 'refund').seen).toContain('refund in Bern');
    expect(refund.runs).toEqual([{ city: 'Bern' }]);
    expect(await actionsOf(guard)).toEqual([
      'tool.ask',
      'approval.approve',
      'tool.allow',
      'tool.outcome ok',
    ]);
  });

  it('shows the person exactly what will run, and why it is asked', async () => {
    const { requests, tools } = asked(() => 'approve');
    await harness.run(tools, [[call('refund')]]);
    expect(requests).toMatchObject([
      { tool: { name: 'refund' }, args: { city: 'Bern' }, reason: 'money leaves the house' },
    ]);
  });

  it('tells the model what a person who denies has said', async () => {
    const { refund, tools, guard } = asked(() => ({ verdict: 'deny', note: 'not on a Sunday' }));
    const run = await harness.run(tools, [[call('refund')]]);
    expect(refund.runs).toEqual([]);
    expect(outcomeOf(run, 'refund').seen).toMatch(/denied it.*not on a Sunday/s);
    expect(run.answer).toBeDefined();
    expect(await actionsOf(guard)).toEqual(['tool.ask', 'approval.deny', 'tool.deny']);
  });

  it('denies when the person answers something else', async () => {
    const { refund, tools } = asked(() => 'yes' as ApproverAnswer);
    const run = await harness.run(tools, [[call('refund')]]);
    expect(refund.runs).toEqual([]);
    expect(outcomeOf(run, 'refund').seen).toMatch(/refund.*the approver/s);
  });

  it('denies when asking fails', async () => {
    const { refund, tools } = asked(() => {
      throw new Error('the terminal is gone');
    });
    const run = await harness.run(tools, [[call('refund')]]);
    expect(refund.runs).toEqual([]);
    expect(outcomeOf(run, 'refund').seen).toMatch(/refund.*the approver/s);
  });

  it('asks for each call of a step', async () => {
    const { refund, requests, tools } = asked(({ args }) =>
      (args as { readonly city: string }).city === 'Bern' ? 'approve' : 'deny',
    );
    const run = await harness.run(tools, [
      [call('refund', { city: 'Bern' }, 'first'), call('refund', { city: 'Basel' }, 'second')],
    ]);
    expect(requests).toHaveLength(2);
    expect(refund.runs).toEqual([{ city: 'Bern' }]);
    expect(outcomeOf(run, 'first').seen).toContain('refund in Bern');
    expect(outcomeOf(run, 'second').seen).toContain('denied it');
  });
}
