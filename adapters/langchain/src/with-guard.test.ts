import { allowAll, createGuard, GuardError } from '@guardstile/core';
import { tool } from '@langchain/core/tools';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { guardOf } from './guard-of.ts';
import { withGuard } from './with-guard.ts';

const named = (name: string) =>
  tool(() => `${name} ran`, { name, description: '', schema: z.object({ city: z.string() }) });
const [weather, refund] = [named('weather'), named('refund')];
const BERN = { city: 'Bern' };

function codeOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error instanceof GuardError ? error.code : error;
  }
  return 'nothing was thrown';
}

describe('withGuard', () => {
  it('takes a list and gives a list in the same order', async () => {
    const guarded = withGuard([weather, refund], ({ tool: { name } }) =>
      name === 'refund' ? 'deny' : 'allow',
    );
    expect(guarded.map(({ name }) => name)).toEqual(['weather', 'refund']);
    expect(await guarded[0].invoke(BERN)).toBe('weather ran');
    await expect(guarded[1].invoke(BERN)).rejects.toMatchObject({ code: 'denied' });
    expect(await refund.invoke(BERN)).toBe('refund ran');
  });

  it('takes a record and gives a record with the same keys', async () => {
    const guarded = withGuard({ first: weather, ['__proto__']: refund }, () => 'deny');
    expect(Object.keys(guarded)).toEqual(['first', '__proto__']);
    for (const one of Object.values(guarded)) {
      await expect(one.invoke(BERN)).rejects.toMatchObject({ code: 'denied' });
    }
  });

  it('leads from the tools, and from each of them, to their guard', () => {
    const guard = createGuard({ policy: allowAll() });
    const list = withGuard([weather], guard);
    expect(guardOf(list)).toBe(guard);
    expect(guardOf(list[0])).toBe(guard);
    expect(guardOf(withGuard({ weather }, () => 'allow')).audit).toBeDefined();
    expect(codeOf(() => guardOf([...list]))).toBe('options_invalid');
  });

  it('takes what the developer states by the names that the model uses', async () => {
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: ({ tool: { name, source }, facts }) => {
        seen.push([name, source, facts.effect]);
        return 'allow';
      },
    });
    const options = { facts: { weather: 'readOnly' }, source: 'sky' } as const;
    const guarded = withGuard({ key: weather, constructor: named('constructor') }, guard, options);
    await guarded.key.invoke(BERN);
    await guarded.constructor.invoke(BERN);
    expect(seen).toEqual([
      ['weather', 'sky', 'readOnly'],
      ['constructor', 'sky', 'unknown'],
    ]);
  });

  it('takes a context for the guard, or a way to find that of each call', async () => {
    const users: unknown[] = [];
    const policy = (_: unknown, { principal }: { principal?: { id: string } }) => {
      users.push(principal?.id);
      return 'allow' as const;
    };
    const [fixed] = withGuard([weather], policy, { context: { principal: { id: 'ada' } } });
    const [found] = withGuard([weather], policy, {
      context: ({ configurable }) => ({ principal: { id: String(configurable?.['user']) } }),
    });
    await fixed.invoke(BERN);
    await found.invoke(BERN, { configurable: { user: 'bob' } });
    expect(users).toEqual(['ada', 'bob']);
  });

  it('refuses two tools of one name, and takes one tool twice', () => {
    expect(codeOf(() => withGuard([weather, named('weather')], allowAll()))).toBe('tool_invalid');
    expect(codeOf(() => withGuard({ a: weather, b: named('weather') }, allowAll()))).toBe(
      'tool_invalid',
    );
    expect(withGuard({ a: weather, b: weather }, allowAll())).toHaveProperty('b');
  });

  it.each([
    ['no policy', () => withGuard([weather], undefined as never), 'policy_missing'],
    ['no tools', () => withGuard(undefined as never, allowAll()), 'tool_invalid'],
    ['a name for tools', () => withGuard('weather' as never, allowAll()), 'tool_invalid'],
    ['a gap in the list', () => withGuard([undefined] as never, allowAll()), 'tool_invalid'],
    [
      'a part of the guard beside a guard',
      () => withGuard([weather], createGuard({ policy: allowAll() }), { audit: false } as never),
      'options_invalid',
    ],
    [
      'a context beside a guard',
      () => withGuard([weather], createGuard({ policy: allowAll() }), { context: {} } as never),
      'options_invalid',
    ],
    [
      'a fact that is none',
      () => withGuard([weather], allowAll(), { facts: { weather: 'harmless' as never } }),
      'facts_invalid',
    ],
  ])('refuses %s', (_, work, code) => {
    expect(codeOf(work)).toBe(code);
  });

  it('reads no option from a polluted prototype', async () => {
    const facts: unknown[] = [];
    const options = Object.create({ facts: { weather: 'readOnly' }, source: 'polluted' }) as object;
    const [guarded] = withGuard(
      [weather],
      (given) => {
        facts.push([given.facts.effect, given.tool.source]);
        return 'allow';
      },
      options,
    );
    await guarded.invoke(BERN);
    expect(facts).toEqual([['unknown', 'app']]);
  });
});
