import { describe, expect, it } from 'vitest';

import { entriesOf } from '../test/harness.ts';
import type { CallContext, ToolCall } from './call.ts';
import { digest } from './digest.ts';
import { createGuard } from './guard.ts';
import type { Hooks } from './hooks.ts';
import { allowAll } from './policy/allow-all.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';

const at = (): Date => new Date('2026-11-21T00:00:00Z');
const original = () => ({
  path: 'a.txt',
  list: [1],
  at: at(),
  tags: new Set(['x']),
  bytes: new Uint8Array([1]),
});

/** Changes whatever lets itself be changed. */
function tamper(call: ToolCall): void {
  const args = call.args as ReturnType<typeof original>;
  const confined = call.confined as ReturnType<typeof original>;
  for (const target of [args, confined]) {
    target.at.setTime(0);
    target.tags.add('admin');
    target.bytes[0] = 255;
    expect(() => Object.assign(target, { path: '/etc/passwd' })).toThrow(TypeError);
    expect(() => target.list.push(2)).toThrow(TypeError);
  }
  expect(() => Object.assign(call, { args: {} })).toThrow(TypeError);
  expect(() => Object.assign(call.tool, { name: 'other' })).toThrow(TypeError);
  expect(() => Object.assign(call.facts, { effect: 'readOnly' })).toThrow(TypeError);
}

describe('somebody who changes the call that is shown', () => {
  const kinds: ReadonlyArray<readonly [string, Hooks]> = [
    ['a checking hook', { preTool: tamper }],
    ['a rewriting hook that rewrites nothing', { rewrite: tamper }],
    ['an asynchronous checking hook', { preTool: async (call) => tamper(call) }],
  ];

  it.each(kinds)('%s changes nothing for anybody else', async (_, hooks) => {
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: (call) => {
        seen.push(call.args, call.confined);
        return 'allow';
      },
      hooks: [hooks, { preTool: (call) => void seen.push(call.args) }],
      sandbox: {
        ...noSandbox(),
        run: (call, { execute }) => {
          seen.push(call.confined);
          return execute();
        },
      },
    });
    const received = await guard.call({ tool: 'read', args: original() }, (args) => args);
    expect(received).toEqual(original());
    expect(seen).toEqual([original(), original(), original(), original()]);
    const [allowed] = await entriesOf(guard);
    expect(allowed?.digest).toBe(digest('args', original()));
  });

  it('a policy changes nothing for the tool or the log', async () => {
    const guard = createGuard({
      policy: (call) => {
        tamper(call);
        return 'allow';
      },
    });
    expect(await guard.call({ tool: 'read', args: original() }, (args) => args)).toEqual(
      original(),
    );
    expect((await entriesOf(guard))[0]?.digest).toBe(digest('args', original()));
  });

  it('a sandbox changes nothing when it confines or runs', async () => {
    const guard = createGuard({
      policy: allowAll(),
      sandbox: {
        ...noSandbox(),
        confine: (call) => {
          tamper(call);
          return { args: call.args };
        },
        run: (call, { execute }) => {
          tamper(call);
          return execute();
        },
      },
    });
    expect(await guard.call({ tool: 'read', args: original() }, (args) => args)).toEqual(
      original(),
    );
    expect((await entriesOf(guard))[0]?.digest).toBe(digest('args', original()));
  });

  it('a sandbox that keeps the arguments it answered cannot change them later', async () => {
    const kept = { path: '/data/a', at: at() };
    const guard = createGuard({
      policy: () => {
        kept.path = '/etc/passwd';
        kept.at.setTime(0);
        return 'allow';
      },
      sandbox: { ...noSandbox(), confine: () => ({ args: kept }) },
    });
    expect(await guard.call({ tool: 'read', args: {} }, (args) => args)).toEqual({
      path: '/data/a',
      at: at(),
    });
  });

  it('a rewriting hook that keeps the arguments it answered cannot change them later', async () => {
    const kept = { path: 'a', at: at() };
    const guard = createGuard({
      policy: allowAll(),
      hooks: [
        { rewrite: () => ({ args: kept }) },
        { preTool: () => void Object.assign(kept, { path: '/etc/passwd' }) },
        { preTool: () => void kept.at.setTime(0) },
      ],
    });
    expect(await guard.call({ tool: 'read', args: {} }, (args) => args)).toEqual({
      path: 'a',
      at: at(),
    });
  });

  it('a post-tool hook is too late to change what the model sees', async () => {
    const guard = createGuard({
      policy: allowAll(),
      hooks: { postTool: (_call, outcome) => void Reflect.set(outcome, 'result', 'forged') },
    });
    expect(await guard.call({ tool: 'read', args: {} }, async () => 'text')).toBe('text');
  });
});

describe('rewriting hooks', () => {
  it('see what the ones before them made of the arguments, as frozen copies', async () => {
    const seen: unknown[] = [];
    const append = (name: string): Hooks => ({
      rewrite: (call) => {
        seen.push(call.args);
        expect(Object.isFrozen(call.args)).toBe(true);
        return { args: { steps: [...(call.args as { steps: string[] }).steps, name] } };
      },
    });
    const guard = createGuard({ policy: allowAll(), hooks: [append('a'), append('b')] });
    const received = await guard.call({ tool: 'read', args: { steps: ['given'] } }, (args) => args);
    expect(seen).toEqual([{ steps: ['given'] }, { steps: ['given', 'a'] }]);
    expect(received).toEqual({ steps: ['given', 'a', 'b'] });
  });
});

describe('the context', () => {
  const given = (): CallContext & { principal: { roles: string[] } } => ({
    principal: { id: 'bob', roles: ['user'], attributes: { level: { max: 1 } } },
    metadata: { request: { id: 1 } },
  });

  it('is out of the reach of hooks: what one of them does to it is refused', async () => {
    const refused: unknown[] = [];
    const attempt = (change: () => void): void => {
      try {
        change();
      } catch (error) {
        refused.push(error);
      }
    };
    const guard = createGuard({
      policy: (_call, { principal }) =>
        principal?.roles?.includes('admin') === true ? 'deny' : 'allow',
      context: given(),
      hooks: {
        preTool: (_call, context) => {
          attempt(() => (context.principal?.roles as string[] | undefined)?.push('admin'));
          attempt(() => Object.assign(context.principal ?? {}, { id: 'root' }));
          attempt(() => Object.assign(context, { principal: { id: 'root' } }));
          attempt(() => Object.assign(context.principal?.attributes?.['level'] ?? {}, { max: 9 }));
          attempt(() => Object.assign(context.metadata?.['request'] ?? {}, { id: 2 }));
        },
      },
    });
    await guard.call({ tool: 'read', args: {} }, () => 1);
    expect(refused).toHaveLength(5);
    expect(guard.context).toEqual(given());
    expect((await entriesOf(guard))[0]?.user).toBe('bob');
  });

  it('is what it was when it was given: changing it afterwards changes nothing', async () => {
    const context = given();
    const seen: CallContext[] = [];
    const guard = createGuard({
      policy: (_call, current) => {
        seen.push(current);
        return 'allow';
      },
      context,
    });
    const bound = guard.with(context);
    context.principal.roles.push('admin');
    await guard.call({ tool: 'read', args: {} }, () => 1);
    await bound.call({ tool: 'read', args: {} }, () => 1);
    expect(seen).toEqual([given(), given()]);
  });

  it('of a call goes before that of the guard, field by field', async () => {
    const seen: CallContext[] = [];
    const guard = createGuard({
      policy: (_call, context) => {
        seen.push(context);
        return 'allow';
      },
      context: { agent: 'base', session: 's0', principal: { id: 'service' } },
    });
    const request = guard.with({ session: 's1', principal: { id: 'bob', tenant: 'acme' } });
    await request.call({ tool: 'read', args: {}, context: { session: 's2' } }, () => 1);
    expect(seen).toEqual([
      { agent: 'base', session: 's2', principal: { id: 'bob', tenant: 'acme' } },
    ]);
    expect(guard.context.session).toBe('s0');
    expect(request.context).toEqual({
      agent: 'base',
      session: 's1',
      principal: { id: 'bob', tenant: 'acme' },
    });
  });

  it('belongs to a guard that shares everything else', async () => {
    const guard = createGuard({ policy: allowAll() });
    const alice = guard.with({ principal: { id: 'alice' } });
    const bob = guard.with({ principal: { id: 'bob' } });
    await alice.call({ tool: 'read', args: {} }, () => 1);
    await bob.call({ tool: 'read', args: {} }, () => 1);
    const users = (await entriesOf(guard)).map(({ user }) => user);
    expect(users).toEqual(['alice', 'alice', 'bob', 'bob']);
    expect(alice.audit).toBe(guard.audit);
  });
});
