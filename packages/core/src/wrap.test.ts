import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';

import { entriesOf, expectRefusal, storyOf, thrownBy, turn } from '../test/harness.ts';
import { memoryAudit } from './audit/memory.ts';
import { createGuard, type Denial } from './guard.ts';
import { memoryLabels } from './labels.ts';
import { allowAll } from './policy/allow-all.ts';

const allowing = createGuard({ policy: allowAll() });
const denying = createGuard({ policy: () => 'deny' });

describe('a wrapped function', () => {
  it('keeps its shape: synchronous', () => {
    const add = allowing.wrap('add', (a: number, b: number) => a + b);
    expect(add(1, 2)).toBe(3);
    expectTypeOf(add).toEqualTypeOf<(a: number, b: number) => number>();
  });

  it('keeps its shape: asynchronous', async () => {
    const read = allowing.wrap('read', async (path: string) => `text of ${path}`);
    const result = read('a');
    expect(result).toBeInstanceOf(Promise);
    expect(await result).toBe('text of a');
    expectTypeOf(read).toEqualTypeOf<(path: string) => Promise<string>>();
  });

  it('keeps its shape: a function that returns a promise without being declared so', async () => {
    const read = allowing.wrap('read', (path: string) => Promise.resolve(`text of ${path}`));
    const result = read('a');
    expect(result).toBeInstanceOf(Promise);
    expect(await result).toBe('text of a');
  });

  it('keeps its shape: an asynchronous generator, which does nothing before it is read', async () => {
    const log: unknown[] = [];
    const watch = allowing.wrap('watch', async function* (n: number): AsyncGenerator<
      number,
      string,
      string
    > {
      log.push('started');
      log.push(yield n);
      return 'end';
    });
    const before = await storyOf(allowing);
    const stream = watch(7);
    expect(await storyOf(allowing)).toEqual(before);
    expect(log).toEqual([]);
    expect(await stream.next('ignored')).toEqual({ done: false, value: 7 });
    expect(await stream.next('sent')).toEqual({ done: true, value: 'end' });
    expect(log).toEqual(['started', 'sent']);
    expectTypeOf(watch).toEqualTypeOf<(n: number) => AsyncGenerator<number, string, string>>();
  });

  it('keeps its shape: a generator', () => {
    const count = allowing.wrap('count', function* (to: number) {
      for (let i = 0; i < to; i += 1) yield i;
      return 'end';
    });
    expect([...count(3)]).toEqual([0, 1, 2]);
  });

  it('keeps name, length and `this`', () => {
    const counter = {
      start: 40,
      add: allowing.wrap(
        'add',
        function add(this: { start: number }, a: number, b: number): number {
          return this.start + a + b;
        },
      ),
    };
    expect(counter.add.name).toBe('add');
    expect(counter.add).toHaveLength(2);
    expect(counter.add(1, 1)).toBe(42);
  });

  it('keeps what it throws', async () => {
    const error = new RangeError('too far');
    const sync = allowing.wrap('jump', () => {
      throw error;
    });
    expect(() => sync()).toThrow(error);
    const asynchronous = allowing.wrap('jump', async () => Promise.reject(error));
    expect(await thrownBy(() => asynchronous())).toBe(error);
  });

  it('is decided on by its one argument as a record, or by the list of its arguments', async () => {
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: (call) => {
        seen.push(call.args);
        return 'allow';
      },
    });
    guard.wrap('f', (_options: { path: string }) => 1)({ path: 'a' });
    guard.wrap('f', (_a: string, _b: number) => 1)('a', 1);
    guard.wrap('f', (_a: string) => 1)('a');
    guard.wrap('f', (_list: string[]) => 1)(['a']);
    guard.wrap('f', () => 1)();
    expect(seen).toEqual([{ path: 'a' }, ['a', 1], ['a'], [['a']], []]);
  });

  it('receives copies, so that the caller cannot change them once it was decided', async () => {
    const args = { path: 'a' };
    const guard = createGuard({ policy: async () => 'allow' as const });
    const read = guard.wrap('read', async (given: { path: string }) => given.path);
    const reading = read(args);
    args.path = '/etc/passwd';
    expect(await reading).toBe('a');
  });

  it('is parsed by its schema: the argument, or the list of arguments', async () => {
    const one = allowing.wrap('one', (given: { at: Date }) => given.at, {
      schema: z.object({ at: z.coerce.date() }),
    });
    expect(one({ at: '2026-11-21' as never })).toEqual(new Date('2026-11-21'));
    const several = allowing.wrap('several', (a: number, b: number) => a + b, {
      schema: z.tuple([z.coerce.number(), z.coerce.number()]),
    });
    expect(several('1' as never, '2' as never)).toBe(3);
    await expectRefusal(() => several('x' as never, 1), 'args_invalid');
  });

  it('takes facts and a time limit', async () => {
    const seen: string[] = [];
    const guard = createGuard({
      policy: (call) => {
        seen.push(call.facts.effect);
        return 'allow';
      },
    });
    await guard.wrap('read', async () => 1, { facts: 'readOnly' })();
    expect(seen).toEqual(['readOnly']);
    const hangs = guard.wrap('read', () => new Promise<never>(() => undefined), { timeoutMs: 5 });
    await expectRefusal(() => hangs(), 'timeout');
  });
});

it('an option that nobody reads is refused, since it may have been meant to restrict', async () => {
  const misspelt = { timeoutMS: 5 } as never;
  await expectRefusal(() => allowing.wrap('read', () => 1, misspelt), 'options_invalid');
});

describe('a refusal of a wrapped function', () => {
  it('is thrown, at once where the function is synchronous', async () => {
    let ran = false;
    const sync = denying.wrap('read', () => {
      ran = true;
    });
    expect(() => sync()).toThrow('read: denied');
    const rejecting = denying.wrap('read', async () => {
      ran = true;
    });
    const result = rejecting();
    expect(result).toBeInstanceOf(Promise);
    await expectRefusal(() => result, 'denied');
    const stream = denying.wrap('read', async function* () {
      ran = true;
      yield 1;
    })();
    await expectRefusal(() => stream.next(), 'denied');
    expect(ran).toBe(false);
  });

  it('can be returned instead, in the shape of the function', async () => {
    const denial = {
      error: expect.stringMatching(/^read: denied/) as string,
      allowed: false,
      code: 'denied',
    };
    const sync = denying.wrap('read', (path: string) => path, { onDeny: 'return' });
    expect(sync('a')).toEqual(denial);
    expectTypeOf(sync).toEqualTypeOf<(path: string) => string | Denial>();

    const asynchronous = denying.wrap('read', async (path: string) => path, { onDeny: 'return' });
    const result = asynchronous('a');
    expect(result).toBeInstanceOf(Promise);
    expect(await result).toEqual(denial);
    expectTypeOf(asynchronous).toEqualTypeOf<(path: string) => Promise<string | Denial>>();

    const stream = denying.wrap(
      'read',
      async function* (): AsyncGenerator<number, string, unknown> {
        yield 1;
        return 'end';
      },
      { onDeny: 'return' },
    );
    expect(await stream().next()).toEqual({ done: true, value: denial });
    expectTypeOf(stream).toEqualTypeOf<() => AsyncGenerator<number, string | Denial, unknown>>();
  });

  it('is returned for whatever kept it from starting, not only for denials', async () => {
    const guard = createGuard({ policy: () => 'ask', audit: false });
    const read = guard.wrap('read', async () => 'text', { onDeny: 'return' });
    expect(await read()).toMatchObject({ allowed: false, code: 'approval_required' });
    const cyclic: { self?: object } = {};
    cyclic.self = cyclic;
    const sync = allowing.wrap('read', (_args: object) => 1, { onDeny: 'return' });
    expect(sync(cyclic)).toMatchObject({ allowed: false, code: 'args_unsupported' });
  });

  it('is none once the body has started: its errors are thrown, whatever they look like', async () => {
    const failing = allowing.wrap(
      'outer',
      async () => denying.call({ tool: 'inner', args: {} }, () => 1),
      { onDeny: 'return' },
    );
    const error = await expectRefusal(() => failing(), 'denied');
    expect(error.tool).toBe('inner');
    const late = allowing.wrap('read', () => new Promise<never>(() => undefined), {
      onDeny: 'return',
      timeoutMs: 5,
      async: true,
    });
    await expectRefusal(() => late(), 'timeout');
    const plain = allowing.wrap(
      'read',
      () => {
        throw new RangeError('x');
      },
      { onDeny: 'return' },
    );
    expect(() => plain()).toThrow(RangeError);
  });

  it('is typed: without the option the type is that of the function', () => {
    const wrapped = allowing.wrap('read', (path: string) => path, { onDeny: 'throw' });
    expectTypeOf(wrapped).toEqualTypeOf<(path: string) => string>();
    // @ts-expect-error -- there is no such way
    expect(() => allowing.wrap('read', () => 1, { onDeny: 'ignore' })).not.toThrow();
  });
});

describe('a synchronous function behind steps that have to wait', () => {
  const waiting = () => createGuard({ policy: async () => 'allow' as const });

  it('is refused with async_steps, which says what to do, and does not run', async () => {
    const guard = waiting();
    let ran = false;
    const add = guard.wrap('add', () => {
      ran = true;
    });
    const error = await expectRefusal(() => add(), 'async_steps');
    expect(error.message).toContain('{ async: true }');
    expect(error).toMatchObject({ tool: 'add' });
    await turn();
    expect(ran).toBe(false);
    expect(await storyOf(guard)).toEqual(['tool.deny async_steps']);
  });

  it.each<readonly [string, Parameters<typeof createGuard>[0]]>([
    ['an approver', { policy: () => 'ask', approver: () => 'approve' }],
    ['a checking hook', { policy: allowAll(), hooks: { preTool: async () => undefined } }],
    ['a rewriting hook', { policy: allowAll(), hooks: { rewrite: async () => undefined } }],
    ['labels', { policy: allowAll(), labels: { ...memoryLabels(), get: async () => [] } }],
    [
      'a log',
      {
        policy: allowAll(),
        audit: { ...memoryAudit(), append: async (draft) => memoryAudit().append(draft) },
      },
    ],
  ])('is refused for %s, and never gives a promise', async (_, options) => {
    let ran = false;
    const add = createGuard(options).wrap('add', () => {
      ran = true;
    });
    await expectRefusal(() => add(), 'async_steps');
    await turn();
    expect(ran).toBe(false);
  });

  it('can say that it returns promises, and then always does', async () => {
    const read = waiting().wrap('read', (path: string) => Promise.resolve(path), { async: true });
    const result = read('a');
    expect(result).toBeInstanceOf(Promise);
    expect(await result).toBe('a');
    const rejecting = createGuard({ policy: () => 'deny' }).wrap('read', () => Promise.resolve(1), {
      async: true,
    });
    const refused = rejecting();
    expect(refused).toBeInstanceOf(Promise);
    await expectRefusal(() => refused, 'denied');
  });

  it('has its result withheld where labels would have to be waited for', async () => {
    const guard = createGuard({
      policy: () => ({ effect: 'allow', obligations: [{ type: 'label', labels: ['untrusted'] }] }),
      labels: { ...memoryLabels(), add: async () => undefined },
    });
    const browse = guard.wrap('browse', () => 'page');
    await expectRefusal(() => browse(), 'result_withheld');
    expect(await guard.wrap('browse', async () => 'page')()).toBe('page');
  });
});

describe('wrapping again', () => {
  it('by the same guard under the same name guards once', async () => {
    const guard = createGuard({ policy: allowAll() });
    const read = async (path: string): Promise<string> => path;
    const twice = guard.wrap('read', guard.wrap('read', read, { facts: 'readOnly' }));
    expect(await twice('a')).toBe('a');
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
  });

  it('by the same guard takes the newer context and keeps what was said of the tool', async () => {
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: (call, context) => {
        seen.push([call.facts.effect, context.session]);
        return 'allow';
      },
    });
    const base = guard.wrap('read', async () => 'text', { facts: 'readOnly' });
    await guard.with({ session: 's1' }).wrap('read', base)();
    expect(seen).toEqual([['readOnly', 's1']]);
  });

  it('by the same guard under another name is another tool', async () => {
    const guard = createGuard({ policy: (call) => (call.tool.name === 'pay' ? 'deny' : 'allow') });
    const disguised = guard.wrap(
      'read',
      guard.wrap('pay', async () => 'paid'),
    );
    await expectRefusal(() => disguised(), 'denied');
  });

  it('recognises the function itself: a mark that can be copied does not help', async () => {
    const guard = createGuard({ policy: allowAll() });
    const wrapped = guard.wrap('read', async () => 'text');
    const copy = Object.assign(async () => wrapped(), Object.fromEntries(Object.entries(wrapped)));
    Object.setPrototypeOf(copy, wrapped);
    await guard.wrap('read', copy)();
    expect((await entriesOf(guard)).filter(({ action }) => action === 'tool.allow')).toHaveLength(
      2,
    );
  });
});

describe('a function that is wrapped again', () => {
  it('keeps on whose behalf it acts, unless somebody is named', async () => {
    const guard = createGuard({ policy: allowAll() });
    const who = async (context: Parameters<typeof guard.with>[0], again: typeof context) => {
      const wrapped = guard.with(context).wrap('read', async () => 1);
      await guard.with(again).wrap('read', wrapped)();
      const entries = (await guard.audit?.query({ action: 'tool.allow' })) ?? [];
      return entries.at(-1);
    };
    const alice = { principal: { id: 'alice' }, session: 's1' };
    expect(await who(alice, {})).toMatchObject({ user: 'alice', session: 's1' });
    expect(await who(alice, { session: 's2' })).toMatchObject({ user: 'alice', session: 's2' });
    const bob = await who(alice, { principal: { id: 'bob' } });
    expect(bob).toMatchObject({ user: 'bob' });
    expect(bob?.session).toBeUndefined();
  });
});
