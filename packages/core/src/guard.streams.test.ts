import { describe, expect, it } from 'vitest';

import {
  eventsOf,
  expectRefusal,
  expectVerified,
  never,
  storyOf,
  thrownBy,
} from '../test/harness.ts';
import { createGuard, type Guard } from './guard.ts';
import { memoryLabels } from './labels.ts';
import { allowAll } from './policy/allow-all.ts';

async function* numbers(log: string[] = []): AsyncGenerator<number, string, unknown> {
  try {
    log.push('started');
    yield 1;
    yield 2;
    return 'end';
  } finally {
    log.push('cleaned up');
  }
}

function open(guard: Guard, log?: string[]): Promise<AsyncGenerator<number, string, unknown>> {
  return guard.call({ tool: 'watch', args: {} }, () => numbers(log));
}

describe('a stream', () => {
  it('that is drained has one allow, one outcome, and an event for every chunk', async () => {
    const guard = createGuard({ policy: allowAll() });
    const heard = eventsOf(guard);
    const chunks: number[] = [];
    for await (const chunk of await open(guard)) chunks.push(chunk);
    expect(chunks).toEqual([1, 2]);
    expect(heard.flatMap((event) => (event.type === 'progress' ? [event.chunk] : []))).toEqual([
      1, 2,
    ]);
    expect(heard.at(-1)).toMatchObject({ type: 'end', status: 'ok', result: 'end' });
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
    await expectVerified(guard);
  });

  it('that nobody starts runs nothing, and the log says that its outcome is not known', async () => {
    const guard = createGuard({ policy: allowAll() });
    const log: string[] = [];
    await open(guard, log);
    expect(log).toEqual([]);
    expect(await storyOf(guard)).toEqual(['tool.allow']);
    await guard.close();
  });

  it('that is returned before it started runs nothing, gives back its limits and says so', async () => {
    const guard = createGuard({
      policy: () => ({ effect: 'allow', limits: [{ id: 'one', max: 1, windowMs: 60_000 }] }),
    });
    const log: string[] = [];
    const stream = await open(guard, log);
    expect(await stream.return('no need')).toEqual({ done: true, value: 'no need' });
    expect(log).toEqual([]);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome not-started']);
    for await (const chunk of await open(guard)) expect(chunk).toBeGreaterThan(0);
  });

  it('that is stopped early ends its body and has an outcome', async () => {
    const guard = createGuard({ policy: allowAll() });
    const log: string[] = [];
    for await (const chunk of await open(guard, log)) {
      expect(chunk).toBe(1);
      break;
    }
    expect(log).toEqual(['started', 'cleaned up']);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
  });

  it('that nobody drains does not hold up close()', async () => {
    const guard = createGuard({ policy: allowAll(), timeoutMs: 60_000 });
    const stream = await open(guard);
    await stream.next();
    await guard.close();
    expect(await storyOf(guard)).toEqual(['tool.allow']);
  });

  it('that fails has the error as its outcome, once', async () => {
    const guard = createGuard({ policy: allowAll() });
    const error = new Error('midway');
    const stream = (await guard.call({ tool: 'watch', args: {} }, async function* () {
      yield 1;
      throw error;
    })) as AsyncGenerator<number>;
    await stream.next();
    expect(await thrownBy(() => stream.next())).toBe(error);
    await stream.return(undefined);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome error']);
  });

  it('may be a promise of a generator', async () => {
    const guard = createGuard({ policy: allowAll() });
    const stream = await guard.call({ tool: 'watch', args: {} }, async () => numbers());
    const chunks: number[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks).toEqual([1, 2]);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
  });

  it('of another kind is guarded chunk by chunk where the tool says that it streams', async () => {
    const guard = createGuard({ policy: allowAll() });
    const heard = eventsOf(guard);
    const stream = (await guard.call(
      { tool: 'watch', args: {}, streams: 'iterables' },
      () => new Response('body').body,
    )) as AsyncIterable<Uint8Array>;
    const chunks: string[] = [];
    for await (const chunk of stream) chunks.push(new TextDecoder().decode(chunk));
    expect(chunks).toEqual(['body']);
    expect(heard.filter(({ type }) => type === 'progress')).toHaveLength(1);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
  });

  it('of another kind that nobody can end or throw into ends all the same', async () => {
    const guard = createGuard({ policy: allowAll() });
    const endless = (): AsyncIterable<number> => ({
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }) }),
    });
    const start = async (): Promise<AsyncGenerator<number>> =>
      (await guard.call(
        { tool: 'watch', args: {}, streams: 'iterables' },
        endless,
      )) as AsyncGenerator<number>;
    for await (const chunk of await start()) {
      expect(chunk).toBe(1);
      break;
    }
    const thrown = await start();
    await thrown.next();
    const error = new Error('enough');
    expect(await thrownBy(() => thrown.throw(error))).toBe(error);
    expect(await storyOf(guard)).toEqual([
      'tool.allow',
      'tool.outcome ok',
      'tool.allow',
      'tool.outcome error',
    ]);
  });

  it('that is read ahead has one outcome, whatever comes after its end', async () => {
    const guard = createGuard({ policy: allowAll() });
    const stream = await open(guard);
    const steps = await Promise.all(Array.from({ length: 5 }, () => stream.next()));
    expect(steps.map(({ done, value }) => [done, value])).toEqual([
      [false, 1],
      [false, 2],
      [true, 'end'],
      [true, undefined],
      [true, undefined],
    ]);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
  });

  it('that is given up is told to end', async () => {
    const guard = createGuard({ policy: allowAll(), timeoutMs: 10 });
    let ended = 0;
    const hanging = (): AsyncIterable<number> => ({
      [Symbol.asyncIterator]: () => ({
        next: () => never(),
        return: async () => {
          ended += 1;
          return { done: true, value: undefined };
        },
      }),
    });
    const stream = (await guard.call(
      { tool: 'watch', args: {}, streams: 'iterables' },
      hanging,
    )) as AsyncGenerator<number>;
    await expectRefusal(() => stream.next(), 'timeout');
    expect(ended).toBe(1);
  });

  it('whose step throws instead of rejecting, or answers nonsense, fails', async () => {
    const guard = createGuard({ policy: allowAll() });
    const broken = (next: () => never): AsyncIterable<number> => ({
      [Symbol.asyncIterator]: () => ({ next }),
    });
    const start = async (next: () => never): Promise<AsyncGenerator<number>> =>
      (await guard.call({ tool: 'watch', args: {}, streams: 'iterables' }, () =>
        broken(next),
      )) as AsyncGenerator<number>;
    const error = new Error('sync');
    const throwing = await start(() => {
      throw error;
    });
    expect(await thrownBy(() => throwing.next())).toBe(error);
    const odd = await start(() => Promise.resolve(undefined) as never);
    expect(await thrownBy(() => odd.next())).toBeInstanceOf(TypeError);
  });
});

describe('what is done with the result', () => {
  it('is done with every chunk and with the return value', async () => {
    const guard = createGuard({
      policy: () => ({
        effect: 'allow',
        obligations: [
          { type: 'redact', fields: ['iban'] },
          { type: 'cap', characters: 4 },
        ],
      }),
    });
    const heard = eventsOf(guard);
    const stream = (await guard.call({ tool: 'accounts', args: {} }, async function* () {
      yield { iban: 'DE02', owner: 'bob' };
      yield 'a long text';
      return { iban: 'DE03' };
    })) as AsyncGenerator;
    expect(await stream.next()).toEqual({
      done: false,
      value: { iban: '[red… [6 characters withheld]', owner: 'bob' },
    });
    expect(await stream.next()).toEqual({ done: false, value: 'a lo… [7 characters withheld]' });
    expect(await stream.next()).toMatchObject({ done: true });
    expect(JSON.stringify(heard)).not.toMatch(/DE0\d/);
  });

  it('withholds a chunk that cannot be treated, and everything after it', async () => {
    const guard = createGuard({
      policy: () => ({ effect: 'allow', obligations: [{ type: 'redact', fields: ['iban'] }] }),
    });
    const log: string[] = [];
    const stream = (await guard.call({ tool: 'accounts', args: {} }, async function* () {
      try {
        yield { owner: 'bob' };
        yield new Response('DE02');
        yield 'never seen';
      } finally {
        log.push('cleaned up');
      }
    })) as AsyncGenerator;
    await stream.next();
    const error = await expectRefusal(() => stream.next(), 'result_withheld');
    expect(error.tool).toBe('accounts');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(log).toEqual(['cleaned up']);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome withheld result_withheld']);
  });

  it('keeps labels before the first chunk is seen, once', async () => {
    const added: string[] = [];
    const labels = memoryLabels();
    const guard = createGuard({
      policy: () => ({ effect: 'allow', obligations: [{ type: 'label', labels: ['untrusted'] }] }),
      labels: {
        ...labels,
        add: async (key, more) => {
          added.push(...more);
          await labels.add(key, more);
        },
      },
    });
    const seen: string[][] = [];
    for await (const _ of await open(guard)) seen.push([...added]);
    expect(seen).toEqual([['untrusted'], ['untrusted']]);
  });

  it('shows no chunk of a stream whose labels cannot be kept', async () => {
    const guard = createGuard({
      policy: () => ({ effect: 'allow', obligations: [{ type: 'label', labels: ['untrusted'] }] }),
      labels: { ...memoryLabels(), add: () => Promise.reject(new Error('no database')) },
    });
    const stream = await open(guard);
    await expectRefusal(() => stream.next(), 'result_withheld');
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome withheld result_withheld']);
  });
});
