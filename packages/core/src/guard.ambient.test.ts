import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, it } from 'vitest';

import { entriesOf, expectRefusal } from '../test/harness.ts';
import type { CallContext } from './call.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import { allowAll } from './policy/allow-all.ts';

const alice: CallContext = {
  principal: { id: 'alice', tenant: 'acme', roles: ['clerk'] },
  session: 's1',
  agent: 'bot',
};

function ambientGuard(options: Partial<GuardOptions> = {}) {
  const ambient = new AsyncLocalStorage<CallContext>();
  const seen: CallContext[] = [];
  const guard = createGuard({
    policy: (_call, context) => {
      seen.push(context);
      return 'allow';
    },
    ambient,
    ...options,
  });
  return { ambient, guard, seen };
}

describe('the ambient context', () => {
  it('is the context of every call that is made in it, across waits', async () => {
    const { ambient, guard, seen } = ambientGuard();
    await ambient.run(alice, async () => {
      await Promise.resolve();
      await guard.call({ tool: 'read', args: {} }, () => 1);
    });
    expect(seen[0]).toMatchObject(alice);
  });

  it('does not leak into calls outside of it, nor between two requests at once', async () => {
    const { ambient, guard, seen } = ambientGuard();
    const other: CallContext = { principal: { id: 'bob', tenant: 'acme' } };
    const call = async (): Promise<unknown> => guard.call({ tool: 'read', args: {} }, () => 1);
    await Promise.all([ambient.run(alice, call), ambient.run(other, call)]);
    await call();
    expect(seen.map(({ principal }) => principal?.id)).toEqual(['alice', 'bob', undefined]);
  });

  it('gives way to what was said explicitly, field by field', async () => {
    const { ambient, guard, seen } = ambientGuard();
    const bound = guard.with({ session: 's2' });
    await ambient.run(alice, () =>
      bound.call({ tool: 'read', args: {}, context: { agent: 'helper' } }, () => 1),
    );
    expect(seen[0]).toMatchObject({ ...alice, session: 's2', agent: 'helper' });
  });

  it.each<[string, CallContext]>([
    ['another principal', { principal: { id: 'mallory', tenant: 'acme' } }],
    ['the same name in another tenant', { principal: { id: 'alice', tenant: 'evil' } }],
    ['the same name without a tenant', { principal: { id: 'alice' } }],
  ])('denies a call that was explicitly made for %s', async (_, context) => {
    const { ambient, guard } = ambientGuard();
    const calls = [
      () => guard.with(context).call({ tool: 'read', args: {} }, () => 1),
      () => guard.call({ tool: 'read', args: {}, context }, () => 1),
      () => guard.with(context).enforce({ tool: 'read', args: {} }),
    ];
    for (const call of calls) {
      const error = await ambient.run(alice, () => expectRefusal(call, 'context_conflict'));
      expect(error.message).toContain('pass the same one, or none');
    }
    const denials = (await entriesOf(guard)).map(({ action, code }) => [action, code]);
    expect(denials).toEqual(calls.map(() => ['tool.deny', 'context_conflict']));
  });

  it('agrees with the same principal said again', async () => {
    const { ambient, guard } = ambientGuard();
    const same = guard.with({ principal: { id: 'alice', tenant: 'acme' } });
    expect(await ambient.run(alice, () => same.call({ tool: 'read', args: {} }, () => 7))).toBe(7);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no storage');
      },
    ],
    ['answers nonsense', () => 5],
    ['answers a principal without an id', () => ({ principal: {} })],
  ])('denies when it %s', async (_, getStore) => {
    const ambient = {
      getStore: getStore as () => CallContext,
      run: <T>(__: CallContext, fn: () => T) => fn(),
    };
    const { guard } = ambientGuard({ ambient });
    let ran = false;
    await expect(
      guard.call({ tool: 'read', args: {} }, () => {
        ran = true;
      }),
    ).rejects.toThrow('read');
    expect(ran).toBe(false);
  });
});

describe('a call that a tool makes', () => {
  it('is a child of the call in whose body it is made, for the same principal', async () => {
    const { guard } = ambientGuard({ policy: allowAll() });
    const bound = guard.with(alice);
    await bound.call({ tool: 'outer', args: {} }, async () => {
      await Promise.resolve();
      await guard.call({ tool: 'inner', args: {} }, () => 1);
    });
    const entries = await entriesOf(guard);
    const [outer, inner] = ['outer', 'inner'].map((name) =>
      entries.find(({ tool, action }) => tool === name && action === 'tool.allow'),
    );
    expect(outer?.parent).toBeUndefined();
    expect(inner).toMatchObject({
      parent: outer?.rid,
      user: 'alice',
      tenant: 'acme',
      session: 's1',
    });
  });

  it('is one also between the chunks of a stream, whoever reads it', async () => {
    const { guard } = ambientGuard({ policy: allowAll() });
    const stream = (await guard.with(alice).call({ tool: 'outer', args: {} }, async function* () {
      yield await guard.call({ tool: 'first', args: {} }, () => 1);
      yield await guard.call({ tool: 'second', args: {} }, () => 2);
    })) as AsyncGenerator<number>;
    const chunks: number[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks).toEqual([1, 2]);
    const allows = (await entriesOf(guard)).filter(({ action }) => action === 'tool.allow');
    const [outer] = allows;
    expect(allows.slice(1).map(({ tool, parent, user }) => [tool, parent, user])).toEqual([
      ['first', outer?.rid, 'alice'],
      ['second', outer?.rid, 'alice'],
    ]);
  });

  it('ends when the time of the outer one is over', async () => {
    const { guard } = ambientGuard({ policy: allowAll() });
    const outer = guard.tool({ name: 'outer', timeoutMs: 30 });
    const inner = Promise.withResolvers<unknown>();
    await expectRefusal(
      () =>
        outer.run({ args: {} }, async () => {
          const waiting = guard.call({ tool: 'inner', args: {} }, (_args: unknown, { signal }) => {
            return new Promise((_resolve, reject) => {
              signal?.addEventListener('abort', () => reject(signal.reason as Error));
            });
          });
          waiting.then(inner.resolve, inner.resolve);
          await waiting;
        }),
      'timeout',
    );
    expect(String(await inner.promise)).toContain('outer: it did not finish within 30 ms');
  });
});
