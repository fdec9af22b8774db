import { run, type Steps } from './steps.ts';

/** Does one thing after the other, by name: at once where nothing is under way. */
export interface Queues {
  take<T>(name: string, steps: () => Steps<T>): T | Promise<T>;
}

export function createQueues(): Queues {
  const last = new Map<string, Promise<unknown>>();

  function settle(name: string, work: Promise<unknown>): void {
    const done = work.then(
      () => undefined,
      () => undefined,
    );
    last.set(name, done);
    void done.then(() => {
      if (last.get(name) === done) last.delete(name);
    });
  }

  return {
    take(name, steps) {
      const before = last.get(name);
      const work = before === undefined ? run(steps()) : before.then(() => run(steps()));
      if (work instanceof Promise) settle(name, work);
      return work;
    },
  };
}
