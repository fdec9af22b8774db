import { allowAll, createGuard, type PolicyInput } from '@guardstile/core';
import { tool } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { withGuard } from './index.ts';

const inputSchema = z.object({ upTo: z.number() });
const OPTIONS = { toolCallId: 'call-1', messages: [], context: {} };

type Stream = AsyncGenerator<unknown, unknown, unknown>;

const decided: ReadonlyArray<[string, PolicyInput]> = [
  ['at once', () => 'allow'],
  ['after a wait', async () => 'allow' as const],
];

/** A tool that counts and says how it ended. */
function counting() {
  const ended: string[] = [];
  const count = tool({
    inputSchema,
    async *execute({ upTo }) {
      try {
        for (let i = 1; i <= upTo; i += 1) yield i;
        ended.push('by itself');
        return 'sum';
      } finally {
        ended.push('cleaned up');
      }
    },
  });
  return { count, ended };
}

function streamOf(execute: unknown, input: unknown = { upTo: 3 }): Stream {
  return (execute as (input: unknown, options: unknown) => Stream)(input, OPTIONS);
}

describe('a streaming tool', () => {
  it.each(decided)('yields and returns the same, decided %s', async (_, policy) => {
    const { count } = counting();
    const guard = createGuard({ policy });
    const stream = streamOf(withGuard({ count }, guard).count.execute);
    const steps = [];
    for (let i = 0; i < 5; i += 1) steps.push(await stream.next());
    expect(steps).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: false, value: 3 },
      { done: true, value: 'sum' },
      { done: true, value: undefined },
    ]);
    expect(await guard.audit?.query({ action: 'tool.outcome' })).toMatchObject([{ status: 'ok' }]);
  });

  it.each(decided)('ends its body when nobody reads on, decided %s', async (_, policy) => {
    const { count, ended } = counting();
    const guard = createGuard({ policy });
    for await (const value of streamOf(withGuard({ count }, guard).count.execute)) {
      if (value === 2) break;
    }
    expect(ended).toEqual(['cleaned up']);
    expect(await guard.audit?.query({ action: 'tool.outcome' })).toHaveLength(1);
  });

  it.each(decided)('hands on an error after its previews, decided %s', async (_, policy) => {
    const error = new RangeError('too far');
    const count = tool({
      inputSchema,
      async *execute() {
        yield 1;
        throw error;
      },
    });
    const guard = createGuard({ policy });
    const seen: unknown[] = [];
    const reading = async () => {
      for await (const value of streamOf(withGuard({ count }, guard).count.execute)) {
        seen.push(value);
      }
    };
    await expect(reading()).rejects.toBe(error);
    expect(seen).toEqual([1]);
    expect(await guard.audit?.query({ action: 'tool.outcome' })).toMatchObject([
      { status: 'error' },
    ]);
  });

  it.each([
    ['at once', () => 'deny' as const],
    ['after a wait', async () => 'deny' as const],
  ])('starts no body when denied %s', async (_, policy) => {
    const { count, ended } = counting();
    const stream = streamOf(withGuard({ count }, policy).count.execute);
    await expect(stream.next()).rejects.toMatchObject({ code: 'denied' });
    expect(ended).toEqual([]);
  });

  it('starts nothing as long as nobody reads', async () => {
    const { count, ended } = counting();
    const guard = createGuard({ policy: allowAll() });
    streamOf(withGuard({ count }, guard).count.execute);
    await guard.close();
    expect(ended).toEqual([]);
    expect(await guard.audit?.query({ action: 'tool.allow' })).toEqual([]);
  });

  it('is recognised when it is a bound function', async () => {
    const { count } = counting();
    const bound = { inputSchema, execute: (count.execute as () => Stream).bind(count) };
    const tools = withGuard({ bound }, async () => 'allow' as const);
    expect(await streamOf(tools.bound.execute).next()).toEqual({ done: false, value: 1 });
  });
});

describe('a plain function that answers a stream', () => {
  async function* numbers() {
    yield 1;
    yield 2;
  }
  const count = { inputSchema, execute: () => numbers() };

  it('streams where the guard does not have to wait', async () => {
    const { execute } = withGuard({ count }, () => 'allow').count;
    const seen = [];
    for await (const value of streamOf(execute)) seen.push(value);
    expect(seen).toEqual([1, 2]);
  });

  it('gives its last value where the guard has to', async () => {
    const tools = withGuard({ count }, async () => 'allow' as const);
    const answer: unknown = tools.count.execute();
    expect(await answer).toBe(2);
  });
});

describe('an async function that answers something iterable', () => {
  it.each(decided)('hands it on as the value that it is, decided %s', async (_, policy) => {
    const body = new ReadableStream<number>();
    const count = { inputSchema, execute: async () => body };
    expect(await withGuard({ count }, policy).count.execute()).toBe(body);
  });
});

describe('a plain function that promises a stream', () => {
  it.each(decided)(
    'is not drained: the SDK does not read it either, decided %s',
    async (_, policy) => {
      async function* numbers() {
        yield 1;
        yield 2;
      }
      const count = { inputSchema, execute: () => Promise.resolve(numbers()) };
      const seen: unknown[] = [];
      for await (const value of await withGuard({ count }, policy).count.execute())
        seen.push(value);
      expect(seen).toEqual([1, 2]);
    },
  );
});
