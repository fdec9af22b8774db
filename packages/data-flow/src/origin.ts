/**
 * Where a text came from. `trusted` vouches for a field's whole value and for nothing inside of it;
 * `trusted-text` vouches for every word of it. What follows the colon names a kind of content, so
 * that a rule may accept payees and not every trusted field. `sent` is what the session's own calls
 * wrote: it vouches for nothing, and neither does what repeats it later.
 */
export type Origin =
  | 'prompt'
  | 'trusted'
  | `trusted:${string}`
  | 'trusted-text'
  | `trusted-text:${string}`
  | 'untrusted'
  | `untrusted:${string}`
  | 'secret'
  | `secret:${string}`
  | 'sent';

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

/** Where in a session a text was seen. */
export interface Place {
  readonly origin: Origin;
  /** The tool that returned it; absent for what the user typed. */
  readonly tool?: string;
  /** The call that returned it. */
  readonly rid?: string;
  /** Path in what was observed, such as `[3].recipient`; empty for all of it. */
  readonly path: string;
}
