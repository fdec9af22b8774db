/** Runs tasks one after the other; one whose turn has not come is dropped by its signal. */
export interface PromptQueue {
  /**
   * What the task answers.
   *
   * @throws the signal's reason as soon as it aborts, also while the task still cleans up.
   */
  run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T>;
}

export function promptQueue(): PromptQueue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(signal, task) {
      const turn = last.then(() => {
        signal.throwIfAborted();
        return task();
      });
      last = turn.catch(() => undefined);
      return unlessAborted(signal, turn);
    },
  };
}

function unlessAborted<T>(signal: AbortSignal, value: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      const reason: unknown = signal.reason;
      reject(reason);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

const queues = new WeakMap<object, PromptQueue>();

/** The one queue of everybody who reads the same keys, whichever approver or guard they belong to. */
export function queueOf(input: object): PromptQueue {
  const known = queues.get(input);
  if (known !== undefined) return known;
  const queue = promptQueue();
  queues.set(input, queue);
  return queue;
}
