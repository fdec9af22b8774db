import { deadline } from './deadline.ts';
import { GuardError } from './errors.ts';
import { isThenable, type MaybePromise, type Steps } from './steps.ts';

/** Waits of one call: each has a time limit, and an abort ends all that are running. */
export interface Waiting {
  /**
   * The value, or what `late()` gives when it does not settle within `ms` milliseconds, or what
   * `aborted()` gives when the call is aborted first. What settles later is dropped silently.
   */
  for<T>(value: MaybePromise<T>, ms: number, late: () => unknown): Steps<T>;
  /**
   * The call is over: what is still waited for ends, and from now on the abort signal is only
   * listened to while something new is.
   */
  end(): void;
}

/** Whether waiting itself was ended, which is no failure of what was waited for. */
export function isInterruption(error: unknown): error is GuardError {
  return error instanceof GuardError && (error.code === 'aborted' || error.code === 'async_steps');
}

/** Waits that `signal` ends, with the error that `aborted` makes. */
export function createWaiting(
  signal: AbortSignal | undefined,
  aborted: (signal: AbortSignal) => unknown,
): Waiting {
  const running = new Set<(error: unknown) => void>();
  let listening = false;
  let ended = false;

  function onAbort(): void {
    if (signal === undefined) return;
    const error = aborted(signal);
    for (const reject of running) reject(error);
  }

  /** Adding and removing a listener costs more than most waits: one serves the whole call. */
  function listen(source: AbortSignal): void {
    if (listening) return;
    listening = true;
    source.addEventListener('abort', onAbort);
  }

  function ignore(): void {
    if (!listening || !ended || running.size > 0) return;
    listening = false;
    signal?.removeEventListener('abort', onAbort);
  }

  function race<T>(value: PromiseLike<T>, ms: number, late: () => unknown): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = deadline(ms, () => fail(late()));

      function over(): void {
        cancel();
        if (running.delete(fail)) ignore();
      }

      function fail(error: unknown): void {
        over();
        reject(error);
      }

      Promise.resolve(value).then((result) => {
        over();
        resolve(result);
      }, fail);
      if (signal === undefined) return;
      if (signal.aborted) {
        fail(aborted(signal));
      } else {
        running.add(fail);
        listen(signal);
      }
    });
  }

  return {
    *for<T>(value: MaybePromise<T>, ms: number, late: () => unknown): Steps<T> {
      // The driver sends back what the promise resolved to, which TypeScript cannot express.
      return isThenable(value) ? ((yield race(value, ms, late)) as T) : value;
    },
    end() {
      ended = true;
      // What a step left behind, such as a vote that nobody counts any more, is not waited for.
      for (const fail of running) fail(new Error('the call is over'));
      ignore();
    },
  };
}
