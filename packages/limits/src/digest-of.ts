import { hash } from 'node:crypto';

/** JSON writes what SQLite would not tell apart, such as halves of surrogate pairs. */
export function digestOf(text: string): string {
  return hash('sha256', JSON.stringify(text), 'base64url');
}

/** The same for texts that come again and again: the latest are remembered. */
export function digestsOf(max = 1000): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let digest = known.get(text);
    if (digest === undefined) {
      if (known.size >= max) known.clear();
      known.set(text, (digest = digestOf(text)));
    }
    return digest;
  };
}
