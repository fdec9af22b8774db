import { describe, expect, it } from 'vitest';

import { thrownBy, turn } from '../test/harness.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import { allowAll } from './policy/allow-all.ts';

// A guard that allows everything is invisible: everything here is compared with the bare function.

const guards: ReadonlyArray<readonly [string, Partial<GuardOptions>]> = [
  ['with nothing but a policy', {}],
  [
    'with a log, listeners and hooks',
    { hooks: { preTool: () => undefined, postTool: () => undefined, onEvent: () => undefined } },
  ],
  ['without a log', { audit: false }],
];

class Refused extends Error {
  readonly status = 402;
  override readonly cause = { detail: 'no funds' };
}

describe.each(guards)('a guard that allows everything, %s,', (_, options) => {
  const guard = createGuard({ policy: allowAll(), ...options });
  const tool = guard.tool({ name: 'anything' });
  const run = <T>(execute: () => T): T | Promise<Awaited<T>> => tool.run({ args: {} }, execute);

  it.each<readonly [string, unknown]>([
    ['a text', 'text'],
    ['nothing', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['a frozen object', Object.freeze({ a: 1 })],
    ['an instance of a class', new Refused('x')],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a map', new Map([[{}, 1]])],
    ['a response', new Response('body')],
    ['a proxy', new Proxy({}, {})],
    [
      'an object with a getter',
      {
        get now() {
          return Date.now();
        },
      },
    ],
  ])('hands on %s as the very same value, in the shape it came in', async (_name, value) => {
    expect(run(() => value)).toBe(value);
    const promise = run(() => Promise.resolve(value));
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toBe(value);
    expect(await guard.call({ tool: 'anything', args: {} }, () => value)).toBe(value);
  });

  it.each<readonly [string, unknown]>([
    ['an error with fields and a cause', new Refused('refused')],
    ['a text', 'plain'],
    ['nothing', undefined],
    ['an object', { code: 1 }],
    ['an aborted fetch', new DOMException('stop', 'AbortError')],
    ['an error that nobody can change', Object.freeze(new Error('frozen'))],
  ])('throws %s as the very same value, at once where the body does', async (_name, error) => {
    let thrown: unknown;
    try {
      void run(() => {
        throw error;
      });
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBe(error);
    expect(await thrownBy(() => run(() => Promise.reject(error)))).toBe(error);
    expect(
      await thrownBy(() => guard.call({ tool: 'anything', args: {} }, () => Promise.reject(error))),
    ).toBe(error);
  });

  it('takes a promise-like value for a promise, as `await` does', async () => {
    // eslint-disable-next-line unicorn/no-thenable -- that is what is tested
    const query = { then: (resolve: (value: string) => void) => resolve('rows') };
    expect(await run(() => query as PromiseLike<string>)).toBe('rows');
  });

  it('keeps a result that throws when it is looked at', async () => {
    const hostile = new Proxy(
      {},
      {
        get: (_target, key) => {
          if (key === 'then') return undefined;
          throw new Error('hands off');
        },
        getPrototypeOf: () => {
          throw new Error('hands off');
        },
      },
    );
    const { proxy, revoke } = Proxy.revocable({}, {});
    expect(run(() => hostile)).toBe(hostile);
    const late = run(async () => [proxy]) as Promise<object[]>;
    revoke();
    expect((await late)[0]).toBe(proxy);
  });

  describe('streams', () => {
    async function* talk(log: unknown[]): AsyncGenerator<string, string, string> {
      try {
        log.push('started');
        log.push(yield 'one');
        try {
          log.push(yield 'two');
        } catch (error) {
          log.push(error);
          yield 'caught';
        }
        return 'end';
      } finally {
        log.push('cleaned up');
      }
    }

    type Talk = AsyncGenerator<string, string, string>;
    type Steps = (stream: Talk) => Promise<unknown>;

    const bare: Steps[] = [
      async (stream) => [
        await stream.next('ignored'),
        await stream.next('a'),
        await stream.next('b'),
        await stream.next('c'),
      ],
      async (stream) => [
        await stream.next(''),
        await stream.return('early'),
        await stream.next(''),
      ],
      async (stream) => [await stream.return('before it started'), await stream.next('')],
      async (stream) => [
        await stream.next(''),
        await stream.next(''),
        await stream.throw('thrown in'),
        await stream.next(''),
      ],
      async (stream) => [
        await stream.next(''),
        await stream.throw('not caught').catch((error: unknown) => ({ error })),
        await stream.next(''),
      ],
      async (stream) => [
        await stream.throw('before it started').catch((error: unknown) => ({ error })),
        await stream.next(''),
      ],
      // Without waiting in between: generators take one after the other.
      (stream) =>
        Promise.all([
          stream.next(''),
          stream.next('a'),
          stream.next('b'),
          stream.next('c'),
          stream.return('z'),
        ]),
      async (stream) => {
        const chunks = [];
        for await (const chunk of stream as AsyncIterable<string>) {
          chunks.push(chunk);
          if (chunk === 'one') break;
        }
        return [chunks, await stream.next('')];
      },
      async (stream) => Object.prototype.toString.call(stream),
      async (stream) => stream[Symbol.asyncIterator]() === stream,
      async (stream) => Object.keys(stream),
      async (stream) => 'then' in stream,
    ];

    it.each(bare.map((steps, i) => [i + 1, steps] as const))(
      'behave as without a guard (%i)',
      async (_n, steps) => {
        const expected: unknown[] = [];
        const log: unknown[] = [];
        const withoutGuard = await steps(talk(expected));
        const guarded = run(() => talk(log)) as Talk;
        expect(log).toEqual([]);
        expect(await steps(guarded)).toEqual(withoutGuard);
        await turn();
        expect(log).toEqual(expected);
      },
    );

    it('end with the very error that the body throws', async () => {
      const error = new Refused('midway');
      const stream = run(async function* () {
        yield 1;
        throw error;
      }) as AsyncGenerator<number>;
      expect(await stream.next()).toEqual({ done: false, value: 1 });
      expect(await thrownBy(() => stream.next())).toBe(error);
      expect(await stream.next()).toEqual({ done: true, value: undefined });
    });

    it('hand on the very chunks', async () => {
      const chunks = [{ a: 1 }, new Map(), null];
      const stream = run(async function* () {
        yield* chunks;
      }) as AsyncGenerator;
      const received: unknown[] = [];
      for await (const chunk of stream) received.push(chunk);
      expect(received.every((chunk, i) => chunk === chunks[i])).toBe(true);
    });

    it('that are no generators stay what they are', () => {
      const body = new Response('body').body;
      expect(run(() => body)).toBe(body);
    });

    it('of a synchronous generator stay synchronous', () => {
      const stream = run(function* (): Generator<number, unknown, unknown> {
        return yield 1;
      }) as Generator<number, unknown, unknown>;
      expect(stream.next()).toEqual({ done: false, value: 1 });
      expect(stream.next('sent')).toEqual({ done: true, value: 'sent' });
    });
  });

  it('lets the body see the arguments as they are, and the very signal of the caller', async () => {
    const { signal } = new AbortController();
    const seen = await guard.call(
      { tool: 'anything', args: { at: new Date(5), list: [1] }, context: { signal } },
      (args, { signal: given }) => [args, given === signal],
    );
    expect(seen).toEqual([{ at: new Date(5), list: [1] }, true]);
  });
});

describe('a call stays synchronous', () => {
  it('even if listeners and post-tool hooks are not', async () => {
    const told: string[] = [];
    const guard = createGuard({
      policy: () => 'allow',
      hooks: {
        postTool: async () => {
          await turn();
          told.push('post');
        },
      },
    });
    guard.on('end', async () => void told.push('end'));
    expect(guard.tool({ name: 'add' }).run({ args: { a: 1 } }, () => 2)).toBe(2);
    await guard.close();
    expect(told).toEqual(['post', 'end']);
  });

  it('until something has to be waited for', async () => {
    const guard = createGuard({ policy: async () => 'allow' as const });
    const result = guard.tool({ name: 'add' }).run({ args: {} }, () => 2);
    expect(result).toBeInstanceOf(Promise);
    expect(await result).toBe(2);
  });
});
