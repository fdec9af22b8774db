import { getEventListeners } from 'node:events';

import { describe, expect, it, vi } from 'vitest';

import { never, thrownBy, turn } from '../test/harness.ts';
import { drive } from './steps.ts';
import { createWaiting } from './waiting.ts';

const late = (): Error => new Error('late');

function waitingFor(signal?: AbortSignal) {
  const waiting = createWaiting(signal, ({ reason }) => new Error(`aborted: ${String(reason)}`));
  const wait = async (value: unknown, ms = 60_000): Promise<unknown> =>
    drive(waiting.for(value, ms, late));
  return { waiting, wait };
}

describe('waiting for a value', () => {
  it('gives what is no promise at once', () => {
    const { waiting } = waitingFor();
    expect(drive(waiting.for('value', 1, late))).toBe('value');
  });

  it('gives what a promise resolves to or rejects with', async () => {
    const { wait } = waitingFor();
    expect(await wait(Promise.resolve('value'))).toBe('value');
    const error = new Error('own');
    expect(await thrownBy(() => wait(Promise.reject(error)))).toBe(error);
  });

  it('gives up when it takes too long', async () => {
    const { wait } = waitingFor();
    expect(await thrownBy(() => wait(never(), 5))).toEqual(new Error('late'));
  });

  it('takes a promise-like value that throws for one that rejects', async () => {
    const { wait } = waitingFor();
    const hostile = {
      // eslint-disable-next-line unicorn/no-thenable -- that is what is tested
      then: () => {
        throw new Error('hostile');
      },
    };
    expect(await thrownBy(() => wait(hostile))).toEqual(new Error('hostile'));
  });
});

describe('an abort', () => {
  it('ends everything that is waited for at that moment', async () => {
    const controller = new AbortController();
    const { wait } = waitingFor(controller.signal);
    const all = [wait(never()), wait(never()), wait(never())].map((one) => thrownBy(() => one));
    controller.abort('now');
    expect(await Promise.all(all)).toEqual(
      Array.from({ length: 3 }, () => new Error('aborted: now')),
    );
  });

  it('still ends what is waited for after something else was waited for at the same time', async () => {
    const controller = new AbortController();
    const { wait } = waitingFor(controller.signal);
    const long = thrownBy(() => wait(never()));
    await wait(turn());
    controller.abort('now');
    expect(await long).toEqual(new Error('aborted: now'));
  });

  it('still ends what is waited for after an earlier value came too late', async () => {
    const controller = new AbortController();
    const { wait } = waitingFor(controller.signal);
    const early = Promise.withResolvers<string>();
    await thrownBy(() => wait(early.promise, 5));
    const next = thrownBy(() => wait(never()));
    early.resolve('at last');
    await turn();
    controller.abort('now');
    expect(await next).toEqual(new Error('aborted: now'));
  });

  it('that came before ends it at once, and a rejection that follows bothers nobody', async () => {
    const { wait } = waitingFor(AbortSignal.abort('before'));
    const unhandled = vi.fn<(error: unknown) => void>();
    process.on('unhandledRejection', unhandled);
    const value = Promise.withResolvers<never>();
    expect(await thrownBy(() => wait(value.promise))).toEqual(new Error('aborted: before'));
    value.reject(new Error('much later'));
    await turn();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('the signal of a call', () => {
  it('has one listener however much is waited for, and none after the end', async () => {
    const { signal } = new AbortController();
    const { waiting, wait } = waitingFor(signal);
    expect(getEventListeners(signal, 'abort').length).toBe(0);
    for (let i = 0; i < 10; i += 1) await wait(Promise.resolve(i));
    expect(getEventListeners(signal, 'abort').length).toBe(1);
    waiting.end();
    expect(getEventListeners(signal, 'abort').length).toBe(0);
  });

  it('is listened to after the end only as long as something is waited for', async () => {
    const { signal } = new AbortController();
    const { waiting, wait } = waitingFor(signal);
    waiting.end();
    const value = Promise.withResolvers<string>();
    const waited = wait(value.promise);
    expect(getEventListeners(signal, 'abort').length).toBe(1);
    value.resolve('value');
    expect(await waited).toBe('value');
    expect(getEventListeners(signal, 'abort').length).toBe(0);
  });

  it('loses its listener at the end of the call, with what was still waited for', async () => {
    const { signal } = new AbortController();
    const { waiting, wait } = waitingFor(signal);
    const waited = Promise.resolve(wait(Promise.withResolvers<string>().promise));
    const outcome = expect(waited).rejects.toThrow('the call is over');
    waiting.end();
    expect(getEventListeners(signal, 'abort').length).toBe(0);
    await outcome;
  });
});
