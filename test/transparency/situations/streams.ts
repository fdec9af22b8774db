import { says } from '../script.ts';
import type { Situation } from '../situation.ts';
import { cityTool, loggingTool } from './city-tool.ts';
import { turn } from './turn.ts';

const steps = [says({ tool: 'weather' })];

/** A situation with one call of a tool that answers bit by bit. */
function streaming(
  name: string,
  body: (args: { readonly city: string }, log: (what: string) => void) => unknown,
  more: Pick<Situation, 'atOnce'> = {},
): Situation {
  return {
    name,
    ...more,
    setUp: (world) => ({
      tools: { weather: loggingTool(world, (args) => body(args, world.log)) },
      steps,
    }),
  };
}

/** The same with `execute` itself being the generator function, as most applications write it. */
function generator(
  name: string,
  execute: (args: { readonly city: string }) => AsyncGenerator<unknown, unknown, unknown>,
): Situation {
  return {
    name,
    setUp: () => ({
      tools: { weather: cityTool(execute) },
      steps,
    }),
  };
}

const failure = new RangeError('the line is dead');

export const streams: readonly Situation[] = [
  generator('a generator with previews', async function* ({ city }) {
    yield `asking about ${city}`;
    await turn();
    yield { status: 'loading' };
    yield 'sunny';
  }),
  generator('a generator that returns a value', async function* () {
    yield 'asking';
    return 'the returned value';
  }),
  generator('a generator that yields nothing', async function* () {
    yield* [];
  }),
  generator('a generator that yields undefined', async function* () {
    yield undefined;
    yield undefined;
  }),
  generator('a generator that throws at once', async function* () {
    yield* [];
    throw failure;
  }),
  generator('a generator that throws after previews', async function* () {
    yield 'one';
    await turn();
    yield 'two';
    throw failure;
  }),
  generator('a generator that delegates', async function* () {
    const returned: unknown = yield* (async function* () {
      yield 'inner';
      return 'inner value';
    })();
    yield returned;
  }),
  generator('a generator that changes what it yielded', async function* () {
    const shared = { count: 0 };
    yield shared;
    shared.count = 1;
    yield shared;
  }),
  streaming('a function that returns a generator', twoValues, { atOnce: true }),
  streaming('a function that returns an iterable of its own', (_, log) => countingTo(2, log), {
    atOnce: true,
  }),
  streaming('a function that returns a stream', () => ReadableStream.from(['one', 'two']), {
    atOnce: true,
  }),
  streaming('a function that returns an array', () => ['one', 'two']),
  streaming('a function that returns a synchronous iterator', () => ['one', 'two'].values()),
];

async function* twoValues() {
  yield 'one';
  yield 'two';
}

function countingTo(last: number, log: (what: string) => void): AsyncIterable<number> {
  let count = 0;
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        count += 1;
        log(`asked for value ${count}`);
        return count > last ? { done: true, value: undefined } : { done: false, value: count };
      },
      return: async () => {
        log('closed');
        return { done: true, value: undefined };
      },
    }),
  };
}
