import { isGuardError } from './errors.ts';

const ESCAPE = /\\u\{([0-9a-f]+)\}/g;

/**
 * What was thrown, in words. Whatever was thrown: reading it can throw too. An error of the guard
 * made its text visible; here it is the text as it was, since whoever shows it makes it visible again.
 */
export function messageOf(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : error;
    const text = typeof message === 'string' ? message : String(message);
    if (!isGuardError(error)) return text;
    return text.replace(ESCAPE, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));
  } catch {
    return 'something that cannot be read was thrown';
  }
}
