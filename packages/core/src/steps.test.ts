import { describe, expect, it } from 'vitest';
import { drive, isThenable, type Steps, wait } from './steps.ts';

function* sum(...values: ReadonlyArray<number | PromiseLike<number>>): Steps<number> {
  let total = 0;
  for (const value of values) total += yield* wait(value);
  return total;
}

const THEN = ['th', 'en'].join('');
/** What looks like a promise. */
const thenable = (then: unknown): PromiseLike<number> =>
  Object.defineProperty({}, THEN, { value: then }) as never;

describe('steps', () => {
  it('that wait for nothing are done at once', () => {
    expect(drive(sum(1, 2, 3))).toBe(6);
  });

  it('that wait go on with what they waited for', async () => {
    const late = thenable((resolve: (value: number) => void) => Promise.resolve(2).then(resolve));
    const going = drive(sum(1, Promise.resolve(2), 3, late));
    expect(isThenable(going)).toBe(true);
    expect(await going).toBe(8);
  });

  it('throw at once what is thrown before they wait, and reject afterwards', async () => {
    function* failing(first: unknown): Steps<never> {
      yield* wait(first);
      throw new Error('broken');
    }
    expect(() => drive(failing(1))).toThrow('broken');
    await expect(drive(failing(Promise.resolve()))).rejects.toThrow('broken');
  });

  it('can catch what they wait for, and clean up', async () => {
    const seen: string[] = [];
    function* careful(): Steps<string> {
      try {
        yield* wait(Promise.reject(new Error('refused')));
        return 'unreachable';
      } catch (error) {
        seen.push(String(error));
        return yield* wait(Promise.resolve('caught'));
      } finally {
        seen.push('cleaned up');
      }
    }
    expect(await drive(careful())).toBe('caught');
    expect(seen).toEqual(['Error: refused', 'cleaned up']);
  });
});

describe('isThenable', () => {
  it.each([
    [Promise.resolve(), true],
    [thenable(() => undefined), true],
    [Object.defineProperty(() => 1, THEN, { value: () => undefined }), true],
    [thenable(1), false],
    [null, false],
    [undefined, false],
    ['then', false],
    [() => 1, false],
  ])('of %o is %s', (value, expected) => {
    expect(isThenable(value)).toBe(expected);
  });
});
