import { describe, expect, it } from 'vitest';

import { promptQueue, queueOf } from './prompt-queue.ts';

const never = new AbortController().signal;

describe('promptQueue', () => {
  it('starts a task only when the one before is over', async () => {
    const queue = promptQueue();
    const log: string[] = [];
    const first = Promise.withResolvers<string>();
    const one = queue.run(never, async () => {
      log.push('first starts');
      const answer = await first.promise;
      log.push('first ends');
      return answer;
    });
    const two = queue.run(never, async () => {
      log.push('second starts');
      return 'b';
    });
    first.resolve('a');
    expect(await Promise.all([one, two])).toEqual(['a', 'b']);
    expect(log).toEqual(['first starts', 'first ends', 'second starts']);
  });

  it('goes on after a task that failed', async () => {
    const queue = promptQueue();
    const failing = queue.run(never, async () => {
      throw new Error('broken');
    });
    const next = queue.run(never, async () => 'next');
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('next');
  });

  it('drops a waiting task as soon as its signal aborts', async () => {
    const queue = promptQueue();
    const first = Promise.withResolvers<string>();
    const one = queue.run(never, () => first.promise);
    const controller = new AbortController();
    let started = false;
    const dropped = queue.run(controller.signal, async () => {
      started = true;
    });
    const third = queue.run(never, async () => 'third');
    controller.abort(new Error('gone'));
    await expect(dropped).rejects.toThrow('gone'); // while the first is still running
    first.resolve('first');
    expect(await one).toBe('first');
    expect(await third).toBe('third');
    expect(started).toBe(false);
  });

  it('starts nothing for a signal that has aborted already', async () => {
    let started = false;
    const dropped = promptQueue().run(AbortSignal.abort(new Error('gone')), async () => {
      started = true;
    });
    await expect(dropped).rejects.toThrow('gone');
    expect(started).toBe(false);
  });

  it('lets the next task wait until an aborted one has cleaned up', async () => {
    const queue = promptQueue();
    const log: string[] = [];
    const controller = new AbortController();
    const running = Promise.withResolvers<void>();
    const cleanedUp = Promise.withResolvers<void>();
    const aborted = queue.run(controller.signal, async () => {
      running.resolve();
      await cleanedUp.promise;
      log.push('cleaned up');
    });
    const next = queue.run(never, async () => {
      log.push('next');
    });
    await running.promise;
    controller.abort(new Error('gone'));
    await expect(aborted).rejects.toThrow('gone');
    expect(log).toEqual([]);
    cleanedUp.resolve();
    await next;
    expect(log).toEqual(['cleaned up', 'next']);
  });
});

describe('queueOf', () => {
  it('is one queue per input', () => {
    const input = {};
    expect(queueOf(input)).toBe(queueOf(input));
    expect(queueOf({})).not.toBe(queueOf(input));
  });
});
