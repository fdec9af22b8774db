import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { changeWatch } from './change-watch.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A watch over a database whose version another process raises. */
function watching() {
  let version = 1;
  const ask = vi.fn<() => number>(() => version);
  return {
    ask,
    watch: changeWatch(ask),
    otherProcess: () => {
      version += 1;
    },
  };
}

describe('a watch for changes', () => {
  it('asks for nothing while nobody listens', () => {
    const { ask, watch } = watching();
    watch.tell('a');
    vi.advanceTimersByTime(60_000);
    expect(ask).not.toHaveBeenCalled();
    const leave = watch.subscribe(() => undefined);
    leave();
    ask.mockClear();
    vi.advanceTimersByTime(60_000);
    expect(ask).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('asks at most once a second, however many listen', () => {
    const { ask, watch } = watching();
    for (let n = 0; n < 100; n += 1) watch.subscribe(() => undefined);
    ask.mockClear();
    vi.advanceTimersByTime(60_000);
    expect(ask).toHaveBeenCalledTimes(60);
  });

  it('tells of this process’s changes at once, and of others’ within a second', () => {
    const { watch, otherProcess } = watching();
    const heard: unknown[] = [];
    watch.subscribe((aid) => heard.push(aid));
    watch.tell('a');
    expect(heard).toEqual(['a']);
    otherProcess();
    vi.advanceTimersByTime(1000);
    expect(heard).toEqual(['a', undefined]);
    vi.advanceTimersByTime(10_000);
    expect(heard).toHaveLength(2);
  });

  it('tells of what changed while nobody listened to nobody', () => {
    const { watch, otherProcess } = watching();
    otherProcess();
    const heard: unknown[] = [];
    watch.subscribe((aid) => heard.push(aid));
    vi.advanceTimersByTime(10_000);
    expect(heard).toEqual([]);
  });

  it('goes on where the database could not be asked, and ends when it is closed', () => {
    const { ask, watch, otherProcess } = watching();
    const heard: unknown[] = [];
    watch.subscribe((aid) => heard.push(aid));
    ask.mockImplementationOnce(() => {
      throw new Error('gone');
    });
    vi.advanceTimersByTime(1000);
    otherProcess();
    vi.advanceTimersByTime(1000);
    expect(heard).toContain(undefined);
    watch.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
