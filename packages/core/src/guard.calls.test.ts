import { describe, expect, it } from 'vitest';

import {
  entriesOf,
  expectRefusal,
  expectVerified,
  never,
  storyOf,
  turn,
  until,
} from '../test/harness.ts';
import { memoryApprovals } from './approvals/memory.ts';
import { memoryAudit } from './audit/memory.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';
import { createGuard, isGuard, sameGuard } from './guard.ts';
import { allowAll } from './policy/allow-all.ts';
import { perUser } from './policy/selector.ts';

describe('nested calls', () => {
  it('are decided as children: each entry of a child names its parent', async () => {
    const guard = createGuard({ policy: allowAll() });
    await guard.call({ tool: 'research', args: {} }, async (_args, { rid }) => {
      const child = guard.with({ parent: rid });
      await child.call({ tool: 'browse', args: {} }, async () => 'page');
    });
    const entries = await entriesOf(guard);
    const outer = entries.find(({ tool }) => tool === 'research');
    const inner = entries.filter(({ tool }) => tool === 'browse');
    expect(inner).toHaveLength(2);
    for (const { parent, rid } of inner) {
      expect(parent).toBe(outer?.rid);
      expect(rid).not.toBe(outer?.rid);
    }
    expect(await storyOf(guard)).toEqual([
      'tool.allow',
      'tool.allow',
      'tool.outcome ok',
      'tool.outcome ok',
    ]);
    await expectVerified(guard);
  });

  it('that are denied are the business of the body that made them', async () => {
    const guard = createGuard({ policy: (call) => (call.tool.name === 'pay' ? 'deny' : 'allow') });
    const result = await guard.call({ tool: 'research', args: {} }, () =>
      guard.call({ tool: 'pay', args: {} }, () => 'paid').catch((error: Error) => error.message),
    );
    expect(result).toMatch(/^pay: denied/);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.deny denied', 'tool.outcome ok']);
  });

  it('keep their own error when it is passed on', async () => {
    const guard = createGuard({ policy: (call) => (call.tool.name === 'pay' ? 'deny' : 'allow') });
    const error = await expectRefusal(
      () =>
        guard.call({ tool: 'research', args: {} }, () =>
          guard.call({ tool: 'pay', args: {} }, () => 1),
        ),
      'denied',
    );
    expect(error.tool).toBe('pay');
    expect(await storyOf(guard)).toEqual([
      'tool.allow',
      'tool.deny denied',
      'tool.outcome error denied',
    ]);
  });
});

describe('two guards around one function', () => {
  it('both decide and both record, the outer one first', async () => {
    const order: string[] = [];
    const outer = createGuard({ policy: () => (order.push('outer'), 'allow') });
    const inner = createGuard({ policy: () => (order.push('inner'), 'allow') });
    const run = outer.wrap(
      'read',
      inner.wrap('read', async () => 'text'),
    );
    expect(await run()).toBe('text');
    expect(order).toEqual(['outer', 'inner']);
    expect(await storyOf(outer)).toEqual(['tool.allow', 'tool.outcome ok']);
    expect(await storyOf(inner)).toEqual(['tool.allow', 'tool.outcome ok']);
  });

  it('add their restrictions: what one of them denies does not run', async () => {
    for (const [a, b] of [
      ['allow', 'deny'],
      ['deny', 'allow'],
    ] as const) {
      let ran = false;
      const run = createGuard({ policy: () => a }).wrap(
        'read',
        createGuard({ policy: () => b }).wrap('read', async () => {
          ran = true;
        }),
      );
      await expectRefusal(() => run(), 'denied');
      expect(ran).toBe(false);
    }
  });
});

describe('ten thousand calls at once', () => {
  it('each get their own decision, and the log verifies', async () => {
    const count = 10_000;
    const audit = memoryAudit({ capacity: count * 5 });
    const guard = createGuard({
      policy: async (call) => {
        await turn();
        const { n } = call.args as { n: number };
        return n % 10 === 0 ? 'deny' : n % 10 === 1 ? 'ask' : 'allow';
      },
      hooks: { preTool: async () => undefined },
      approver: async (request) => {
        await turn();
        return (request.args as { n: number }).n % 20 === 1 ? 'approve' : 'deny';
      },
      audit,
    });
    const ran = new Set<number>();
    const settled = await Promise.allSettled(
      Array.from({ length: count }, (_, n) =>
        guard.call({ tool: 'work', args: { n } }, async (args) => {
          ran.add(args.n);
          return args.n;
        }),
      ),
    );
    for (const [n, one] of settled.entries()) {
      const expected = n % 10 !== 0 && (n % 10 !== 1 || n % 20 === 1);
      if (one.status === 'fulfilled') expect(one.value).toBe(n);
      expect([n, one.status === 'fulfilled', ran.has(n)]).toEqual([n, expected, expected]);
    }
    const entries = await entriesOf(guard);
    const allows = entries.filter(({ action }) => action === 'tool.allow');
    expect(allows).toHaveLength(ran.size);
    expect(new Set(allows.map(({ attempt }) => attempt)).size).toBe(ran.size);
    await expectVerified(guard);
  });

  it('that all wait for a person end when they are aborted', async () => {
    const approvals = memoryApprovals();
    const controller = new AbortController();
    let asked = 0;
    const guard = createGuard({
      policy: () => 'ask',
      approver: () => {
        asked += 1;
        return never();
      },
      approvals,
      audit: false,
      context: { signal: controller.signal },
    });
    const count = 2000;
    const calls = Array.from({ length: count }, (_, n) =>
      guard.call({ tool: 'work', args: { n } }, () => n),
    );
    const all = Promise.allSettled(calls);
    await until(() => asked === count);
    controller.abort();
    const codes = (await all).map((one) =>
      one.status === 'rejected' ? (one.reason as { code: string }).code : 'ran',
    );
    expect(new Set(codes)).toEqual(new Set(['aborted']));
    expect(await approvals.list({ state: 'pending' })).toEqual([]);
  });
});

describe('close', () => {
  it('refuses every further call, also of tools and functions that were guarded before', async () => {
    const guard = createGuard({ policy: allowAll() });
    const tool = guard.tool({ name: 'read' });
    const wrapped = guard.wrap('read', async () => 'text');
    await guard.close();
    await expectRefusal(() => guard.call({ tool: 'read', args: {} }, () => 1), 'closed');
    await expectRefusal(() => tool.run({ args: {} }, () => 1), 'closed');
    await expectRefusal(() => wrapped(), 'closed');
    await expectRefusal(
      () => guard.with({ session: 's' }).enforce({ tool: 'read', args: {} }),
      'closed',
    );
    expect(await guard.decide({ tool: 'read', args: {} })).toMatchObject({
      effect: 'deny',
      code: 'closed',
    });
  });

  it('stops calls that have not started by then', async () => {
    const decided = Promise.withResolvers<'allow'>();
    const guard = createGuard({ policy: () => decided.promise });
    let ran = false;
    const calling = expectRefusal(
      () =>
        guard.call({ tool: 'read', args: {} }, () => {
          ran = true;
        }),
      'closed',
    );
    await guard.close();
    decided.resolve('allow');
    await calling;
    expect(ran).toBe(false);
  });

  it('waits for what is still being written, then closes sandbox and log, once', async () => {
    const order: string[] = [];
    const written = Promise.withResolvers<void>();
    const memory = memoryAudit();
    const guard = createGuard({
      policy: allowAll(),
      audit: {
        ...memory,
        append: async (draft) => {
          if (draft.action === 'tool.outcome') await written.promise;
          order.push(draft.action);
          return memory.append(draft);
        },
        close: () => void order.push('log closed'),
      },
      sandbox: {
        ...noSandbox(),
        close: () => void order.push('sandbox closed'),
      },
    });
    // A synchronous body does not wait for the log: its outcome is written behind it.
    await guard.call({ tool: 'read', args: {} }, () => 'text');
    const closing = [guard.close(), guard.close(), guard.with({}).close()];
    await turn();
    expect(order).toEqual(['tool.allow']);
    written.resolve();
    await Promise.all(closing);
    expect(order).toEqual(['tool.allow', 'tool.outcome', 'sandbox closed', 'log closed']);
    await guard.close();
    expect(order).toHaveLength(4);
  });

  it('closes the log although the sandbox cannot be closed', async () => {
    let closed = false;
    const guard = createGuard({
      policy: allowAll(),
      audit: {
        ...memoryAudit(),
        close: () => {
          closed = true;
        },
      },
      sandbox: {
        name: 'broken',
        guarantees: {} as never,
        check: () => ({ ok: false, reason: '' }),
        run: (_call, { execute }) => execute(),
        close: () => Promise.reject(new Error('still running')),
      },
    });
    await expect(guard.close()).rejects.toThrow('still running');
    expect(closed).toBe(true);
  });

  it('does not hang on a log that never answers', async () => {
    const policy = perUser({ default: allowAll() });
    for (const append of [
      () => never(),
      () => Promise.reject(new Error('no disk')),
      () => {
        throw new Error('no disk');
      },
    ]) {
      const guard = createGuard({
        policy,
        storeTimeoutMs: 10,
        audit: { ...memoryAudit(), append },
      });
      policy.set('bob', () => 'deny');
      await guard.close();
    }
  });
});

describe('guards', () => {
  it('are told apart by what they share, not by their context', () => {
    const guard = createGuard({ policy: allowAll() });
    const other = createGuard({ policy: allowAll() });
    expect(sameGuard(guard, guard.with({ session: 's' }))).toBe(true);
    expect(sameGuard(guard, other)).toBe(false);
    expect(isGuard(guard.with({}))).toBe(true);
    expect(isGuard({ ...guard })).toBe(false);
    expect(isGuard(undefined)).toBe(false);
  });

  it('know whether somebody in this process can be asked', () => {
    expect(createGuard({ policy: allowAll() }).canAsk).toBe(false);
    expect(createGuard({ policy: allowAll(), approver: () => 'deny' }).canAsk).toBe(true);
  });

  it('resolve the rules of a tool once, and tell a verdict that holds for every call', () => {
    let resolved = 0;
    const policy = {
      ...allowAll(),
      resolve: (tool: Parameters<ReturnType<typeof allowAll>['resolve']>[0]) => {
        resolved += 1;
        return allowAll().resolve(tool);
      },
    };
    const guard = createGuard({ policy });
    const spec = { name: 'read' };
    const tool = guard.tool(spec);
    for (let i = 0; i < 5; i += 1) {
      void guard
        .with({ session: `s${i}` })
        .tool(spec)
        .run({ args: {} }, () => 1);
    }
    expect(resolved).toBe(1);
    expect(tool.fixed()).toMatchObject({ effect: 'allow' });
    expect(
      createGuard({ policy: () => 'allow' })
        .tool(spec)
        .fixed(),
    ).toBeUndefined();
  });

  it('take the facts of a tool from its spec first, then from the guard', async () => {
    const seen: string[] = [];
    const guard = createGuard({
      policy: (call) => {
        seen.push(call.facts.effect);
        return 'allow';
      },
      facts: { read: 'readOnly' },
    });
    await guard.call({ tool: 'read', args: {} }, () => 1);
    await guard.call({ tool: 'read', args: {}, facts: 'destructive' }, () => 1);
    await guard.call({ tool: 'toString', args: {} }, () => 1);
    expect(seen).toEqual(['readOnly', 'destructive', 'unknown']);
  });
});
