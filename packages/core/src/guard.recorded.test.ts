import { describe, expect, it } from 'vitest';

import {
  auditThrough,
  entriesOf,
  expectRefusal,
  expectVerified,
  storyOf,
} from '../test/harness.ts';
import type { Durability } from './audit/log.ts';
import { memoryAudit } from './audit/memory.ts';
import { digest } from './digest.ts';
import { createGuard } from './guard.ts';
import { allowAll } from './policy/allow-all.ts';

const RANK: readonly Durability[] = ['memory', 'os', 'disk', 'replicated'];

describe('no body starts without a recorded allow', () => {
  it('records the allow before the body starts, for exactly the arguments that it receives', async () => {
    const guard = createGuard({ policy: allowAll() });
    let before: readonly string[] = [];
    let received: unknown;
    await guard.call({ tool: 'pay', args: { to: 'bob', cents: 500 } }, async (args) => {
      received = args;
      before = await storyOf(guard);
    });
    expect(before).toEqual(['tool.allow']);
    const [allowed, outcome] = await entriesOf(guard);
    expect(allowed?.digest).toBe(digest('args', received));
    expect(allowed?.args).toEqual({ to: 'bob', cents: 500 });
    expect(outcome).toMatchObject({
      action: 'tool.outcome',
      status: 'ok',
      attempt: allowed?.attempt,
    });
    await expectVerified(guard);
  });

  it('records what the schema made of the arguments, since that is what runs', async () => {
    const guard = createGuard({ policy: allowAll() });
    const schema = {
      safeParse: (input: unknown) => ({
        success: true as const,
        data: { cents: Number((input as { euros: number }).euros) * 100 },
      }),
    };
    const received = await guard.call({ tool: 'pay', args: { euros: 5 }, schema }, (args) => args);
    const [allowed] = await entriesOf(guard);
    expect(received).toEqual({ cents: 500 });
    expect(allowed?.digest).toBe(digest('args', { cents: 500 }));
  });

  it('waits for a slow log before it starts the body', async () => {
    const appended = Promise.withResolvers<void>();
    const order: string[] = [];
    const audit = auditThrough(async (action, keep) => {
      if (action === 'tool.allow') await appended.promise;
      order.push(action);
      return keep();
    });
    const guard = createGuard({ policy: allowAll(), audit });
    const running = guard.call({ tool: 'pay', args: {} }, () => {
      order.push('body');
    });
    await Promise.resolve();
    expect(order).toEqual([]);
    appended.resolve();
    await running;
    expect(order.slice(0, 2)).toEqual(['tool.allow', 'body']);
  });

  it('records an attempt and an allow of its own for every start', async () => {
    const guard = createGuard({ policy: allowAll() });
    const tool = guard.tool({ name: 'pay' });
    for (let i = 0; i < 3; i += 1) await tool.run({ args: {}, id: 'same-id' }, async () => i);
    const allows = (await entriesOf(guard)).filter(({ action }) => action === 'tool.allow');
    expect(new Set(allows.map(({ attempt }) => attempt)).size).toBe(3);
    expect(new Set(allows.map(({ rid }) => rid)).size).toBe(3);
  });

  it('records denials from the first step on', async () => {
    const guard = createGuard({ policy: allowAll() });
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    await expectRefusal(
      () => guard.call({ tool: 'pay', args: cyclic }, () => 1),
      'args_unsupported',
    );
    expect(await storyOf(guard)).toEqual(['tool.deny args_unsupported']);
    await expectVerified(guard);
  });

  it('denies and records a call of a tool that cannot be guarded as it is asked for', async () => {
    const guard = createGuard({ policy: allowAll() });
    let ran = false;
    const run = (): void => {
      ran = true;
    };
    const error = await expectRefusal(
      () => guard.call({ tool: 'rеad', args: {} }, run),
      'tool_invalid',
    );
    expect(error.message).toMatch(/^rеad: its name has characters outside ASCII/);
    await expectRefusal(
      () => guard.call({ tool: 'read', args: {}, facts: 'harmless' as never }, run),
      'facts_invalid',
    );
    await expectRefusal(
      () => guard.call({ tool: 'read', args: {}, context: { principal: {} as never } }, run),
      'options_invalid',
    );
    expect(ran).toBe(false);
    expect(await storyOf(guard)).toEqual([
      'tool.deny tool_invalid',
      'tool.deny facts_invalid',
      'tool.deny options_invalid',
    ]);
  });

  it('keeps running without a log only where the application said so', async () => {
    const guard = createGuard({ policy: allowAll(), audit: false });
    expect(guard.audit).toBeUndefined();
    expect(await guard.call({ tool: 'pay', args: {} }, () => 'paid')).toBe('paid');
  });
});

describe('the durability that a policy requires of the log', () => {
  const requiring = (durability: Durability) => () =>
    ({ effect: 'allow', conditions: { durability } }) as const;

  for (const required of RANK) {
    for (const offered of RANK) {
      const enough = RANK.indexOf(offered) >= RANK.indexOf(required);
      it(`"${required}" is ${enough ? 'met' : 'not met'} by a log of "${offered}"`, async () => {
        const audit = auditThrough((_, keep) => ({ ...keep(), durability: offered }), {
          durability: offered,
        });
        const guard = createGuard({ policy: requiring(required), audit });
        const call = (): Promise<string> => guard.call({ tool: 'pay', args: {} }, () => 'paid');
        if (enough) expect(await call()).toBe('paid');
        else await expectRefusal(call, 'audit_error');
      });
    }
  }

  it('is not met where there is no log', async () => {
    const guard = createGuard({ policy: requiring('memory'), audit: false });
    await expectRefusal(() => guard.call({ tool: 'pay', args: {} }, () => 'paid'), 'audit_error');
  });

  it('is not met by a log that keeps the entry less well than it declares', async () => {
    const audit = auditThrough((_, keep) => keep(), { durability: 'disk' });
    const guard = createGuard({ policy: requiring('disk'), audit });
    let ran = false;
    await expectRefusal(
      () =>
        guard.call({ tool: 'pay', args: {} }, () => {
          ran = true;
        }),
      'audit_error',
    );
    expect(ran).toBe(false);
    expect(await storyOf(guard)).toEqual([
      'tool.allow',
      'tool.outcome not-started',
      'tool.deny audit_error',
    ]);
  });
});

describe('enforce', () => {
  it('lets the application run the tool itself, and records the allow', async () => {
    const guard = createGuard({ policy: allowAll() });
    await guard.enforce({ tool: 'pay', args: { cents: 1 } });
    const [allowed] = await entriesOf(guard);
    expect(allowed).toMatchObject({ action: 'tool.allow', digest: digest('args', { cents: 1 }) });
  });

  it('throws and records what is denied, with the reason and without a secret in it', async () => {
    const guard = createGuard({
      policy: () => ({
        effect: 'deny',
        reason: 'sk-1234567890abcdefghij is on the list',
        rule: 'no-pay',
      }),
    });
    const error = await expectRefusal(() => guard.enforce({ tool: 'pay', args: {} }), 'denied');
    expect(error.message).toContain('pay: denied: [redacted] is on the list');
    expect(error).toMatchObject({ tool: 'pay', rule: 'no-pay' });
    expect(await storyOf(guard)).toEqual(['tool.deny denied']);
  });

  it('throws where a person would have to be asked', async () => {
    const guard = createGuard({ policy: () => 'ask', approver: () => 'approve' });
    await expectRefusal(() => guard.enforce({ tool: 'pay', args: {} }), 'approval_required');
  });

  it('refuses what only a call can honour', async () => {
    const withObligation = createGuard({
      policy: () => ({ effect: 'allow', obligations: [{ type: 'cap', characters: 3 }] }),
    });
    await expectRefusal(
      () => withObligation.enforce({ tool: 'read', args: {} }),
      'obligation_unknown',
    );
    const withSandbox = createGuard({
      policy: () => ({ effect: 'allow', conditions: { sandbox: { files: 'os' } } }),
    });
    await expectRefusal(
      () => withSandbox.enforce({ tool: 'read', args: {} }),
      'sandbox_unavailable',
    );
  });

  it('counts against limits', async () => {
    const guard = createGuard({
      policy: () => ({ effect: 'allow', limits: [{ id: 'twice', max: 2, windowMs: 60_000 }] }),
    });
    await guard.enforce({ tool: 'pay', args: {} });
    await guard.enforce({ tool: 'pay', args: {} });
    await expectRefusal(() => guard.enforce({ tool: 'pay', args: {} }), 'limit_exceeded');
  });

  it('stops at the stop switch, and says that nothing started', async () => {
    const guard = createGuard({ policy: allowAll(), stopSwitch: { stopped: () => 'maintenance' } });
    await expectRefusal(() => guard.enforce({ tool: 'pay', args: {} }), 'stopped');
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome not-started stopped']);
  });
});

describe('decide', () => {
  it('gives the verdict without running, and neither records nor asks', async () => {
    let asked = false;
    const guard = createGuard({
      policy: (call) => (call.tool.name === 'pay' ? 'ask' : 'allow'),
      approver: () => {
        asked = true;
        return 'approve';
      },
      audit: memoryAudit(),
    });
    expect(await guard.decide({ tool: 'pay', args: {} })).toMatchObject({ effect: 'ask' });
    expect(await guard.decide({ tool: 'read', args: {} })).toMatchObject({ effect: 'allow' });
    expect(asked).toBe(false);
    expect(await storyOf(guard)).toEqual([]);
  });

  it('answers a denial where anything fails', async () => {
    const guard = createGuard({
      policy: () => {
        throw new Error('no database');
      },
    });
    expect(await guard.decide({ tool: 'pay', args: {} })).toMatchObject({
      effect: 'deny',
      code: 'policy_error',
    });
  });
});
