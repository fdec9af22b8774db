/**
 * Whether this is how LangChain gives up waiting for a body at an abort. The body may well go on, so
 * that nobody knows how it ends.
 */
export function isAbandoned(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  const reason: unknown = signal.reason;
  return (
    error === reason || (error instanceof Error && [reason, 'Aborted'].includes(error.message))
  );
}

/** What a body looks like that is waited for no longer. */
export function endless(): Promise<never> {
  return new Promise(() => undefined);
}
