import { deadline } from './deadline.ts';
import { isThenable, type MaybePromise, type Steps } from './steps.ts';

/** Waits of one call: each has a time limit, and an abort ends whichever is running. */
export interface Waiting {
  /**
   * The value, or what `late()` gives when it does not settle within `ms` milliseconds, or what
   * `aborted()` gives when the call is aborted first. What settles later is dropped silently.
   */
  for<T>(value: MaybePromise<T>, ms: number, late: () => unknown): Steps<T>;
  /** Stops listening to the call's abort signal. */
  end(): void;
}

/** Waits that `signal` ends, with the error that `aborted` makes. */
export function createWaiting(
  signal: AbortSignal | undefined,
  aborted: (signal: AbortSignal) => unknown,
): Waiting {
  let rejectCurrent: ((error: unknown) => void) | undefined;
  let listening = false;

  function onAbort(): void {
    if (signal !== undefined) rejectCurrent?.(aborted(signal));
  }

  function race<T>(value: PromiseLike<T>, ms: number, late: () => unknown): Promise<T> {
    if (signal !== undefined && !listening) {
      listening = true;
      signal.addEventListener('abort', onAbort, { once: true });
    }
    return new Promise<T>((resolve, reject) => {
      const cancel = deadline(ms, () => reject(late()));
      const stop = (): void => {
        cancel();
        rejectCurrent = undefined;
      };
      rejectCurrent = (error) => {
        stop();
        reject(error);
      };
      if (signal?.aborted === true) return rejectCurrent(aborted(signal));
      return value.then(
        (result) => {
          stop();
          resolve(result);
        },
        (error: unknown) => {
          stop();
          reject(error);
        },
      );
    });
  }

  return {
    *for<T>(value: MaybePromise<T>, ms: number, late: () => unknown): Steps<T> {
      // The driver sends back what the promise resolved to, which TypeScript cannot express.
      return isThenable(value) ? ((yield race(value as PromiseLike<T>, ms, late)) as T) : value;
    },
    end() {
      if (!listening || signal === undefined) return;
      listening = false;
      signal.removeEventListener('abort', onAbort);
    },
  };
}
