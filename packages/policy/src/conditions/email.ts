import type { Place } from '../issues.ts';
import { any, type Truth } from '../truth.ts';
import type { Check } from './check.ts';
import { hostOf } from './domain.ts';
import { readPatterns } from './patterns.ts';

interface EmailPattern {
  /** `undefined` for everybody there. */
  readonly local: string | undefined;
  readonly host: string;
  readonly subdomains: boolean;
}

/** The common form only: what quotes, lists, `%` and `!` mean depends on who sends the mail. */
const ADDRESS = /^([A-Za-z0-9.#$&'*+/=?^_`{|}~-]{1,64})@([^@\s,;:<>()[\]"\\%]{1,253})$/;

/** One address: `ann@example.com`, anybody at a host `*@example.com`, or below it `*@*.example.com`. */
export function readEmail(value: unknown, place: Place): Check | undefined {
  const read = readPatterns(
    value,
    place,
    'email',
    patternOf,
    'address; write name@host, *@host or *@*.host',
  );
  if (read === undefined) return undefined;
  const { texts, patterns: known } = read;
  return {
    wants: `an address of ${texts.join(', ')}`,
    means: { email: known.map((pattern) => JSON.stringify(pattern)).sort() },
    test: (given) => testAddress(given, known),
  };
}

function patternOf(text: string): EmailPattern | undefined {
  const [, local = '', name = ''] = ADDRESS.exec(text) ?? [];
  const subdomains = name.startsWith('*.');
  const host = hostOf(subdomains ? name.slice(2) : name);
  if (host === undefined || host.includes('*') || (local !== '*' && local.includes('*'))) {
    return undefined;
  }
  return { local: local === '*' ? undefined : local, host, subdomains };
}

function testAddress(given: unknown, patterns: readonly EmailPattern[]): Truth {
  if (typeof given !== 'string') return undefined;
  const [, local = '', name = ''] = ADDRESS.exec(given) ?? [];
  const host = hostOf(name);
  if (host === undefined) return undefined;
  return any(patterns, (pattern) => matches(local, host, pattern));
}

function matches(local: string, host: string, pattern: EmailPattern): Truth {
  const there = pattern.subdomains ? host.endsWith(`.${pattern.host}`) : host === pattern.host;
  if (!there) return false;
  if (pattern.local === undefined || pattern.local === local) return true;
  // Hosts decide for themselves whether case counts.
  return pattern.local.toLowerCase() === local.toLowerCase() ? undefined : false;
}
