/** What was thrown, in words; reading it can throw too. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'something that cannot be read was thrown';
  }
}
