import type { MaybePromise } from '@guardstile/core';

import type { FlowStore } from './flow-store.ts';
import { isThenable } from './steps.ts';

/** Longer than a guard waits: the call is denied by then. */
const LONGEST_MS = 30_000;

/** The same store, whose answers fail when they never come: whoever waits in line gets a turn. */
export function patientStore(store: FlowStore): FlowStore {
  const within = <T>(answer: MaybePromise<T>): MaybePromise<T> =>
    isThenable(answer) ? limited(store.name, answer) : answer;
  return {
    name: store.name,
    append: (session, record) => within(store.append(session, record)),
    read: (session, after) => within(store.read(session, after)),
    end: (session) => within(store.end(session)),
  };
}

function limited<T>(name: string, answer: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`the store "${name}" did not answer within ${LONGEST_MS} ms`));
    }, LONGEST_MS);
    const settle =
      <V>(done: (value: V) => void) =>
      (value: V): void => {
        clearTimeout(timer);
        done(value);
      };
    answer.then(settle(resolve), settle(reject));
  });
}
