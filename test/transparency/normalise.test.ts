import { describe, expect, it } from 'vitest';
import { normalise } from './normalise.ts';

describe('the normaliser replaces', () => {
  it.each([
    [
      'generated ids',
      { id: 'aitxt-AbCdEfGhIjKlMnOpQrStUvWx' },
      { id: 'aitxt-XwVuTsRqPoNmLkJiHgFeDcBa' },
    ],
    ['ids of messages', { messageId: 'AbCdEfGhIjKlMnOp' }, { messageId: 'PoNmLkJiHgFeDcBa' }],
    ['time stamps', { timestamp: new Date(1) }, { timestamp: new Date(2) }],
    ['durations', { stepTimeMs: 1.5 }, { stepTimeMs: 2.5 }],
    ['durations by call', { toolExecutionMs: { a: 1 } }, { toolExecutionMs: { a: 2 } }],
  ])('%s', (_, a, b) => {
    expect(normalise(a)).toBe(normalise(b));
  });
});

describe('the normaliser keeps', () => {
  const [Named, Other] = [named(), named()];
  const id = (character: string) => character.repeat(16);

  it.each<[string, unknown, unknown]>([
    [
      'which ids are the same',
      [{ id: id('a') }, { id: id('a') }],
      [{ id: id('a') }, { id: id('b') }],
    ],
    ['ids of calls', { toolCallId: id('a') }, { toolCallId: id('b') }],
    ['ids that somebody chose', { id: 'first' }, { id: 'second' }],
    ['ids in values', { output: id('a') }, { output: id('b') }],
    ['that there is an id', { id: id('a') }, {}],
    ['other dates', { at: new Date(1) }, { at: new Date(2) }],
    ['other numbers', { days: 1 }, { days: 2 }],
    ['that there is a duration', { stepTimeMs: 1 }, {}],
    ['undefined', { a: undefined }, {}],
    ['the order of keys', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['classes of the same name', new Named('x'), new Other('x')],
    ['messages of errors', new Error('a'), new Error('b')],
    ['causes', new Error('a', { cause: 1 }), new Error('a', { cause: 2 })],
    ['what only looks like an error', new Error('a'), { message: 'a' }],
    ['symbols', { [Symbol.for('a')]: 1 }, { [Symbol.for('b')]: 1 }],
    ['null prototypes', Object.create(null), {}],
    ['members of maps', new Map([[1, 2]]), new Map([[1, 3]])],
    ['numbers and texts', 1, '1'],
    ['functions and nothing', { a: () => 1 }, { a: undefined }],
    ['whether a signal is aborted', AbortSignal.abort(), new AbortController().signal],
    ['reasons of aborts', AbortSignal.abort('a'), AbortSignal.abort('b')],
    ['promises', { a: Promise.resolve(1) }, { a: 1 }],
    ['lists and objects', ['a'], { 0: 'a' }],
  ])('%s', (_, a, b) => {
    expect(normalise(a)).not.toBe(normalise(b));
  });

  it('cycles, without following them', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(normalise(cycle)).not.toBe(normalise({ self: {} }));
  });
});

/** Another class of that name every time. */
function named(): ErrorConstructor {
  return class Named extends Error {} as ErrorConstructor;
}
