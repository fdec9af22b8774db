import { describe, expect, it } from 'vitest';

import type { AuditLog } from './audit/log.ts';
import { memoryAudit } from './audit/memory.ts';
import { createGuard } from './guard.ts';
import { allowAll } from './policy/allow-all.ts';
import { layers } from './policy/layers.ts';
import type { Policy, PolicyChange } from './policy/policy.ts';
import { perUser } from './policy/selector.ts';

const change: PolicyChange = {
  policy: 'p',
  change: 'rule a removed',
  from: undefined,
  to: undefined,
};

/** A policy that says when it is about to change. */
function changing(): { readonly policy: Policy; readonly announce: () => Promise<void> } {
  let tell: (change: PolicyChange) => unknown = () => undefined;
  const policy: Policy = {
    ...allowAll(),
    onChange(listener) {
      tell = listener;
      return () => undefined;
    },
  };
  return { policy, announce: async () => void (await tell(change)) };
}

const brokenLog = (): AuditLog => ({
  ...memoryAudit(),
  append() {
    throw new Error('disk full');
  },
});

describe('a change of a policy in use', () => {
  const wrapped: Readonly<Record<string, (policy: Policy) => Policy>> = {
    itself: (policy) => policy,
    'in a layer': (policy) => layers([{ name: 'a', grants: policy }]),
    'of a user': (policy) => perUser({ default: policy }),
  };

  it.each(Object.entries(wrapped))('waits until the log has it: %s', async (_, wrap) => {
    const { policy, announce } = changing();
    const log = memoryAudit();
    const written = Promise.withResolvers<void>();
    const audit: AuditLog = {
      ...log,
      async append(draft) {
        await written.promise;
        return log.append(draft);
      },
    };
    const guard = createGuard({ policy: wrap(policy), audit });
    const story: string[] = [];
    guard.on('policy.changed', (event) => story.push(event.change));
    const announced = announce().then(() => story.push('made'));
    expect(story).toEqual([]);
    written.resolve();
    await announced;
    expect(story).toEqual(['rule a removed', 'made']);
    expect((await log.query({ action: 'policy.changed' }))[0]?.reason).toBe('rule a removed');
    await guard.close();
  });

  it.each(Object.entries(wrapped))(
    'is refused where the log does not take it: %s',
    async (_, wrap) => {
      const { policy, announce } = changing();
      const guard = createGuard({ policy: wrap(policy), audit: brokenLog() });
      const told: string[] = [];
      guard.on('policy.changed', (event) => told.push(event.change));
      await expect(announce()).rejects.toMatchObject({ code: 'audit_error' });
      expect(told).toEqual([]);
      await guard.close();
    },
  );

  it('is made without a log where a guard has none', async () => {
    const { policy, announce } = changing();
    const guard = createGuard({ policy, audit: false });
    const told: string[] = [];
    guard.on('policy.changed', (event) => told.push(event.change));
    await announce();
    expect(told).toEqual(['rule a removed']);
    await guard.close();
  });

  it('that code makes by itself is made whatever becomes of its entry, which the logger hears of', async () => {
    const policy = perUser({ default: () => 'deny' });
    const warnings: string[] = [];
    const logger = { info: () => undefined, warn: (text: string) => warnings.push(text) };
    const guard = createGuard({ policy, audit: brokenLog(), logger });
    policy.setDefault(allowAll());
    expect((await guard.decide({ tool: 'x', args: {} })).effect).toBe('allow');
    await guard.close();
    expect(warnings).toEqual([expect.stringContaining('disk full')]);
  });
});
