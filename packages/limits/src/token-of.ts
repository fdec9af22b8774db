import { digestOf } from './digest-of.ts';

/** The name of an attempt as it is, which the log has too: rows of one time lie beside each other. */
export function tokenOf(attempt: string): string {
  return /^[\w-]{1,40}$/.test(attempt) ? attempt : `#${digestOf(attempt)}`;
}
