import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { entriesOf, expectRefusal, expectVerified, storyOf } from '../test/harness.ts';
import { digest } from './digest.ts';
import { createGuard } from './guard.ts';
import { allowAll } from './policy/allow-all.ts';
import type { ToolSchema } from './schema.ts';

function nested(depth: number): unknown {
  let value: unknown = 'bottom';
  for (let i = 0; i < depth; i += 1) value = { deeper: value };
  return value;
}

function fromJson(json: string): unknown {
  return JSON.parse(json);
}

function cyclic(): object {
  const value: { self?: object } = {};
  value.self = { list: [value] };
  return value;
}

const refused: ReadonlyArray<
  readonly [string, () => unknown, 'args_unsupported' | 'args_too_large']
> = [
  ['a cycle', cyclic, 'args_unsupported'],
  [
    'a getter',
    () => ({
      get path() {
        return '/etc/passwd';
      },
    }),
    'args_unsupported',
  ],
  [
    'a setter',
    () => ({
      set path(_: string) {
        /* nothing */
      },
    }),
    'args_unsupported',
  ],
  ['a getter in a list', () => Object.defineProperty([1], 0, { get: () => 2 }), 'args_unsupported'],
  ['a __proto__ key', () => fromJson('{"__proto__": {"admin": true}}'), 'args_unsupported'],
  [
    'a __proto__ key deep inside',
    () => fromJson('{"a": [{"__proto__": null}]}'),
    'args_unsupported',
  ],
  [
    'a constructor with a prototype',
    () => fromJson('{"constructor": {"prototype": {"a": 1}}}'),
    'args_unsupported',
  ],
  ['nesting 10,000 levels deep', () => nested(10_000), 'args_unsupported'],
  ['a function', () => ({ run: () => 1 }), 'args_unsupported'],
  ['a symbol', () => ({ [Symbol('hidden')]: 1 }), 'args_unsupported'],
  ['an instance of a class', () => ({ error: new Error('x') }), 'args_unsupported'],
  [
    'a proxy that throws',
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
    'args_unsupported',
  ],
  ['a string of 100 MB', () => ({ text: 'x'.repeat(100 * 1024 * 1024) }), 'args_too_large'],
  [
    'a sparse list of a billion',
    () => ({ list: Object.assign([], { length: 1e9 }) }),
    'args_too_large',
  ],
];

describe('arguments that an approval could not be bound to', () => {
  it.each(refused)(
    '%s is refused before any policy, hook or tool sees it',
    async (_, make, code) => {
      const seen: string[] = [];
      const guard = createGuard({
        policy: () => {
          seen.push('policy');
          return 'allow';
        },
        hooks: {
          rewrite: () => void seen.push('rewrite'),
          preTool: () => void seen.push('preTool'),
          postTool: () => void seen.push('postTool'),
        },
      });
      const args = make();
      const error = await expectRefusal(
        () => guard.call({ tool: 'read', args }, () => void seen.push('body')),
        code,
      );
      expect(error.message).toContain('read:');
      expect(seen).toEqual([]);
      expect(await storyOf(guard)).toEqual([`tool.deny ${code}`]);
      await expectVerified(guard);
    },
  );

  it.each(refused)('%s is refused in what a hook rewrites, too', async (_, make, code) => {
    const guard = createGuard({ policy: allowAll(), hooks: { rewrite: () => ({ args: make() }) } });
    let ran = false;
    const error = await expectRefusal(
      () =>
        guard.call({ tool: 'read', args: {} }, () => {
          ran = true;
        }),
      code,
    );
    expect(ran).toBe(false);
    expect(error.tool).toBe('read');
  });
});

describe('arguments out of the ordinary', () => {
  it.each<readonly [string, () => unknown]>([
    ['a BigInt', () => ({ amount: 2n ** 80n })],
    ['a string of 10 MB', () => ({ text: 'x'.repeat(10 * 1024 * 1024) })],
    ['nesting 100 levels deep', () => nested(100)],
    ['NaN, infinities and -0', () => [Number.NaN, Number.POSITIVE_INFINITY, -0]],
    [
      'dates, maps, sets, bytes and URLs',
      () => ({
        at: new Date(0),
        map: new Map([['a', new Set([1])]]),
        bytes: new Uint8Array([1, 2]),
        url: new URL('https://example.com/a'),
      }),
    ],
    ['lone surrogates', () => ({ text: '\ud800' })],
    ['keys that objects have anyway', () => ({ toString: 1, hasOwnProperty: 2, valueOf: null })],
    ['an object without a prototype', () => Object.assign(Object.create(null) as object, { a: 1 })],
    ['nothing', () => undefined],
    ['null', () => null],
    ['a list', () => [1, [2]]],
  ])('%s reaches the tool as it is, and is recorded', async (_, make) => {
    const guard = createGuard({ policy: allowAll() });
    const received = await guard.call({ tool: 'read', args: make() }, (args) => args);
    expect(received).toEqual(make());
    const [allowed] = await entriesOf(guard);
    expect(allowed?.digest).toBe(digest('args', make()));
    await expectVerified(guard);
  });

  it('are the ones that were given: changing them after the call is made changes nothing', async () => {
    const decided = Promise.withResolvers<'allow'>();
    const guard = createGuard({ policy: () => decided.promise });
    const args = { path: 'public.txt', at: new Date(0), list: [1] };
    const running = guard.call({ tool: 'read', args }, (received) => received);
    args.path = '/etc/passwd';
    args.at.setTime(1);
    args.list.push(2);
    decided.resolve('allow');
    expect(await running).toEqual({ path: 'public.txt', at: new Date(0), list: [1] });
  });

  it('belong to the tool: what it does to them reaches nobody else', async () => {
    const given = { list: [1], at: new Date(0) };
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: allowAll(),
      hooks: { postTool: (call) => void seen.push(call.args) },
    });
    await guard.call({ tool: 'sort', args: given }, (args) => {
      args.list.push(2);
      args.at.setTime(5);
    });
    expect(given).toEqual({ list: [1], at: new Date(0) });
    expect(seen).toEqual([given]);
  });
});

describe('a schema', () => {
  it('that transforms is applied once: policy, hooks, log and tool see the same parsed values', async () => {
    let transformed = 0;
    const schema = z.object({
      amount: z.string().transform((text) => {
        transformed += 1;
        return Number(text) * 2;
      }),
      at: z.coerce.date(),
      note: z.string().default('none'),
    });
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: (call) => {
        seen.push(call.args);
        return 'allow';
      },
      hooks: { preTool: (call) => void seen.push(call.args) },
    });
    const args = { amount: '21', at: '2026-11-21T00:00:00Z' };
    const received = await guard.call({ tool: 'pay', args, schema }, (given) => given);
    const parsed = { amount: 42, at: new Date('2026-11-21T00:00:00Z'), note: 'none' };
    expect(received).toEqual(parsed);
    expect(received.at).toBeInstanceOf(Date);
    expect(seen).toEqual([parsed, parsed]);
    expect(transformed).toBe(1);
    const [allowed] = await entriesOf(guard);
    expect(allowed?.digest).toBe(digest('args', parsed));
  });

  it('with asynchronous refinements and transforms is awaited, and applied once', async () => {
    const schema = z
      .object({ user: z.string() })
      .refine(async ({ user }) => user !== 'mallory', 'mallory may not')
      .transform(async ({ user }) => ({ user: `${user}!` }));
    const guard = createGuard({ policy: allowAll() });
    expect(
      await guard.call({ tool: 'greet', args: { user: 'bob' }, schema }, (args) => args),
    ).toEqual({
      user: 'bob!',
    });
    const error = await expectRefusal(
      () => guard.call({ tool: 'greet', args: { user: 'mallory' }, schema }, (args) => args),
      'args_invalid',
    );
    expect(error.message).toContain('mallory may not');
  });

  it('parses what a rewriting hook made of the input, once', async () => {
    const schema = z.object({ n: z.string().transform(Number) });
    const guard = createGuard({
      policy: allowAll(),
      hooks: { rewrite: () => ({ args: { n: '7' } }) },
    });
    expect(await guard.call({ tool: 'count', args: { n: 'x' }, schema }, (args) => args)).toEqual({
      n: 7,
    });
  });

  it('that does not fit refuses, with its own error as the cause', async () => {
    const guard = createGuard({ policy: allowAll() });
    const schema = z.object({ amount: z.number() });
    const error = await expectRefusal(
      () => guard.call({ tool: 'pay', args: { amount: 'much' }, schema }, () => 'paid'),
      'args_invalid',
    );
    expect(error.cause).toBeInstanceOf(z.ZodError);
    expect(await storyOf(guard)).toEqual(['tool.deny args_invalid']);
  });

  it.each<readonly [string, ToolSchema]>([
    [
      'throws',
      {
        safeParse: () => {
          throw new Error('broken');
        },
      },
    ],
    ['answers nonsense', { safeParse: () => 'yes' as never }],
    [
      'says that it succeeded without giving data',
      { safeParse: () => ({ success: true }) as never },
    ],
    ['rejects', { '~standard': { validate: () => Promise.reject(new Error('broken')) } }],
    [
      'throws in its standard interface',
      {
        '~standard': {
          validate: () => {
            throw new Error('broken');
          },
        },
      },
    ],
    ['answers nonsense in its standard interface', { '~standard': { validate: () => 1 as never } }],
  ])('that %s lets nothing run', async (_, schema) => {
    const guard = createGuard({ policy: allowAll() });
    let ran = false;
    await expectRefusal(
      () =>
        guard.call({ tool: 'pay', args: {}, schema }, () => {
          ran = true;
        }),
      'args_invalid',
    );
    expect(ran).toBe(false);
  });

  it('that never settles lets nothing run', async () => {
    const guard = createGuard({ policy: allowAll(), policyTimeoutMs: 10 });
    const schema: ToolSchema = { '~standard': { validate: () => new Promise(() => undefined) } };
    await expectRefusal(
      () => guard.call({ tool: 'pay', args: {}, schema }, () => 1),
      'args_invalid',
    );
  });

  it('that gives what an approval cannot be bound to refuses', async () => {
    const guard = createGuard({ policy: allowAll() });
    const schema = z.object({}).transform(() => ({ connect: () => 1 }));
    await expectRefusal(
      () => guard.call({ tool: 'pay', args: {}, schema }, () => 1),
      'args_unsupported',
    );
  });

  it('is not asked again for arguments that the framework parsed, unless a hook rewrote them', async () => {
    let parses = 0;
    const schema = z.object({ n: z.number().transform((n) => n + 1) }).refine(() => {
      parses += 1;
      return true;
    });
    const guard = createGuard({ policy: allowAll() });
    expect(
      await guard.call({ tool: 'count', args: { n: 1 }, schema, parsed: true }, (a) => a),
    ).toEqual({
      n: 1,
    });
    expect(parses).toBe(0);
    guard.hook({ rewrite: () => ({ args: { n: 5 } }) });
    await expectRefusal(
      () => guard.call({ tool: 'count', args: { n: 1 }, schema, parsed: true }, (a) => a),
      'rewrite_ambiguous',
    );
    expect(parses).toBe(1);
  });

  it('accepts a rewrite of parsed arguments that it leaves as it is', async () => {
    const schema = z.object({ path: z.string().trim() });
    const guard = createGuard({
      policy: allowAll(),
      hooks: { rewrite: () => ({ args: { path: 'b' } }) },
    });
    expect(
      await guard.call({ tool: 'read', args: { path: 'a' }, schema, parsed: true }, (args) => args),
    ).toEqual({ path: 'b' });
  });
});
