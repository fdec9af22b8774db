/** What was thrown, in words. Whatever was thrown: reading it can throw too. */
export function messageOf(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : error;
    return typeof message === 'string' ? message : String(message);
  } catch {
    return 'something that cannot be read was thrown';
  }
}
