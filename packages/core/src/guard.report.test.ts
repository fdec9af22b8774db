import { describe, expect, it } from 'vitest';

import { entriesOf, eventsOf, expectRefusal, expectVerified } from '../test/harness.ts';
import { memoryAudit } from './audit/memory.ts';
import { createGuard } from './guard.ts';
import { allowAll } from './policy/allow-all.ts';
import { staticSecrets } from './secrets.ts';

describe('what an application reports', () => {
  it('is in the log in the context of the guard, and told like any other entry', async () => {
    const guard = createGuard({ policy: allowAll() });
    const heard = eventsOf(guard);
    const bound = guard.with({ principal: { id: 'ann', tenant: 'acme' }, session: 's1' });
    const receipt = await bound.report({ action: 'order.imported', payload: { count: 3 } });
    const [entry] = await entriesOf(guard);
    expect(entry).toMatchObject({
      kind: 'application',
      action: 'order.imported',
      actor: 'application',
      user: 'ann',
      tenant: 'acme',
      session: 's1',
      payload: { count: 3 },
    });
    expect(receipt?.hash).toBe(entry?.hash);
    expect(heard).toMatchObject([{ type: 'audit', action: 'order.imported', user: 'ann', seq: 1 }]);
    await expectVerified(guard);
  });

  it('cannot pass for a decision, nor for somebody else\u2019s', async () => {
    const guard = createGuard({ policy: allowAll(), context: { principal: { id: 'ann' } } });
    const forged = { action: 'tool.allow', kind: 'decision', user: 'boss', seq: 9 } as const;
    await guard.report(forged);
    expect(await entriesOf(guard)).toMatchObject([{ kind: 'application', user: 'ann', seq: 1 }]);
  });

  it('is redacted with everything that the guard knows to be secret', async () => {
    const guard = createGuard({
      policy: allowAll(),
      secrets: staticSecrets({ KEY: 'hunter2hunter2' }),
      redact: { keys: ['iban'] },
    });
    const tool = guard.tool({ name: 'pay', secrets: ['KEY'] });
    await tool.run({ args: {} }, async () => 1);
    await guard.report({ action: 'x', payload: { iban: 'DE1', text: 'with hunter2hunter2' } });
    expect((await entriesOf(guard)).at(-1)?.payload).toEqual({
      iban: '[redacted]',
      text: 'with [redacted]',
    });
  });

  it('goes nowhere without a log, and fails with it', async () => {
    const silent = createGuard({ policy: allowAll(), audit: false });
    expect(await silent.report({ action: 'x' })).toBeUndefined();
    const failing = {
      ...memoryAudit(),
      append: () => {
        throw new Error('full');
      },
    };
    const guard = createGuard({ policy: allowAll(), audit: failing });
    await expectRefusal(() => guard.report({ action: 'x' }), 'audit_error');
  });

  it('is refused once the guard is closed', async () => {
    const guard = createGuard({ policy: allowAll() });
    await guard.close();
    await expectRefusal(() => guard.report({ action: 'x' }), 'closed');
  });
});
