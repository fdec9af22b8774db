import { hash } from 'node:crypto';

/** JSON writes what SQLite would not tell apart, such as halves of surrogate pairs. */
export function digestOf(text: string): string {
  return hash('sha256', JSON.stringify(text), 'base64url');
}
