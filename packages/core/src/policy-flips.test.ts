import { describe, expect, it } from 'vitest';

import { memoryAudit } from './audit/memory.ts';
import { createGuard } from './guard.ts';
import { allow } from './decision.ts';
import type { Policy, PolicyFlip } from './policy/policy.ts';

/** Allows everything, and would deny it by a rule that is tried out. */
const trying: Policy = {
  name: 'p',
  layer: 'grants',
  digest: () => 'sha256:1',
  resolve(tool) {
    const flip: PolicyFlip = { policy: 'p', rule: 'r', from: 'allow', would: 'deny' };
    return (call, context) => {
      tool.flipped?.(call, context, flip);
      tool.flipped?.(call, context, flip);
      return allow('sha256:1', 'fine');
    };
  },
};

describe('what a policy that is tried out would change', () => {
  it('is told and logged once for each call, however often that is decided', async () => {
    const guard = createGuard({ policy: trying, context: { session: 's' } });
    const told: unknown[] = [];
    guard.on('policy.flip', ({ rule, would, session }) => told.push([rule, would, session]));
    const tool = guard.tool({ name: 'refund' });
    for (let calls = 0; calls < 2; calls += 1) await tool.run({ args: {} }, () => 'done');
    await guard.close();
    expect(told).toEqual([
      ['r', 'deny', 's'],
      ['r', 'deny', 's'],
    ]);
    const entries = (await guard.audit?.query({ action: 'policy.flip' })) ?? [];
    expect(entries.map(({ rule, tool: name, payload }) => [rule, name, payload])).toEqual(
      [1, 2].map(() => ['r', 'refund', { policy: 'p', from: 'allow', would: 'deny' }]),
    );
    expect(new Set(entries.map(({ rid }) => rid)).size).toBe(2);
  });

  it('never keeps a call waiting, or from running, for the log', async () => {
    const log = memoryAudit();
    const audit: typeof log = {
      ...log,
      append(draft) {
        if (draft.action === 'policy.flip') throw new Error('disk full');
        return log.append(draft);
      },
    };
    const warnings: string[] = [];
    const logger = { info: () => undefined, warn: (text: string) => warnings.push(text) };
    const guard = createGuard({ policy: trying, audit, logger });
    expect(await guard.call({ tool: 'refund', args: {} }, () => 'done')).toBe('done');
    await guard.close();
    expect(warnings).toEqual([expect.stringContaining('disk full')]);
  });
});
