/** Whatever came of telling somebody: who listens decides nothing, and ends no process. */
export function ignoreFailure(tell: () => unknown): void {
  try {
    const told = tell();
    if (typeof told === 'object' && told !== null)
      void Promise.resolve(told).catch(() => undefined);
  } catch {
    // The same.
  }
}
