import type { Answer } from './dialog.ts';
import type { Terminal } from './terminal.ts';

/** What every prompt of clack takes. */
export interface PromptStreams extends Terminal {
  readonly signal: AbortSignal;
}

type Show<T> = (streams: PromptStreams) => Promise<T | symbol | undefined>;

const ENDS = ['pause', 'end', 'close', 'error'] as const;

/**
 * Shows one prompt of clack.
 *
 * @throws the signal's reason when it aborts.
 */
export async function prompt<T>(
  terminal: Terminal,
  signal: AbortSignal,
  show: Show<T>,
): Promise<Answer<T>> {
  signal.throwIfAborted();
  const { input } = terminal;
  if (input.readableEnded || input.destroyed) return { kind: 'closed' };
  // Clack goes on listening to the signal it was given, and when that fires after the answer it
  // takes the terminal away from the prompt that is open by then. So each prompt has its own.
  const own = new AbortController();
  let stop = (): void => {};
  // Clack itself does not settle when the input ends, nor when the terminal is gone for good.
  const interrupted = new Promise<'closed'>((resolve, reject) => {
    const abort = (): void => {
      const reason: unknown = signal.reason;
      reject(reason);
      own.abort();
    };
    let open = true;
    const close = (): void => {
      // Ctrl+C pauses the input too: leave clack this turn to say that it was that.
      setImmediate(() => {
        if (!open) return;
        resolve('closed');
        own.abort();
      });
    };
    signal.addEventListener('abort', abort, { once: true });
    for (const end of ENDS) input.on(end, close);
    stop = () => {
      open = false;
      signal.removeEventListener('abort', abort);
      for (const end of ENDS) input.off(end, close);
    };
  });
  try {
    const shown = show({ ...terminal, signal: own.signal }).then(readAnswer);
    return await Promise.race([shown, interrupted.then((kind) => ({ kind }))]);
  } finally {
    stop();
  }
}

/** Clack answers a symbol, or nothing, for a prompt that was left. */
function readAnswer<T>(value: T | symbol | undefined): Answer<T> {
  return typeof value === 'symbol' || value === undefined
    ? { kind: 'cancelled' }
    : { kind: 'answered', value };
}
