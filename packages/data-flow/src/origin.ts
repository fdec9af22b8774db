import type { Origin } from '@guardstile/core';

/** The part of an {@link Origin} before its colon. */
export type OriginClass = 'prompt' | 'trusted' | 'trusted-text' | 'untrusted' | 'secret' | 'sent';

const CLASSES: ReadonlySet<string> = new Set<OriginClass>([
  'prompt',
  'trusted',
  'trusted-text',
  'untrusted',
  'secret',
  'sent',
]);

/** The class of an origin; `undefined` for a word that is none. */
export function classOf(origin: string): OriginClass | undefined {
  const colon = origin.indexOf(':');
  const name = colon === -1 ? origin : origin.slice(0, colon);
  if (!CLASSES.has(name) || ((name === 'prompt' || name === 'sent') && colon !== -1))
    return undefined;
  if (colon !== -1 && colon === origin.length - 1) return undefined;
  return name as OriginClass; // looked up
}

/** Whether what a rule accepts covers this origin: `trusted` covers `trusted:payee` and `trusted-text`. */
export function covers(accepted: Origin, origin: Origin): boolean {
  if (accepted === origin) return true;
  if (accepted === 'trusted' && classOf(origin) === 'trusted-text') return true;
  return !accepted.includes(':') && classOf(origin) === accepted;
}

/**
 * What a text is where several say something of it, so that saying more never makes it trusted by
 * anybody who would not have trusted it by each of them alone: secrets are what each says, then
 * untrusted goes before trusted, the whole field before its words, and no kind before two of them.
 */
export function leastTrusting(opinions: readonly Origin[]): readonly Origin[] {
  const [first] = opinions;
  if (first === undefined || opinions.length === 1) return opinions;
  const secrets = opinions.filter((origin) => classOf(origin) === 'secret');
  if (secrets.length > 0) return [...new Set(secrets)];
  return [opinions.reduce(weaker)];
}

function weaker(a: Origin, b: Origin): Origin {
  if (a === b) return a;
  const classes = [classOf(a), classOf(b)];
  if (classes.includes('untrusted')) return 'untrusted';
  return classes.includes('trusted') ? 'trusted' : 'trusted-text';
}
