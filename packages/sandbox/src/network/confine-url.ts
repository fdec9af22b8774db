import { isIP } from 'node:net';

import { refusedArgument } from '../arguments/confine-arguments.ts';
import { type HostRules, isWithinReach } from './host-rules.ts';

/** Parsers disagree on these, or drop them. */
const DISPUTED = /[\\\s\p{Cc}\p{Cf}]/u;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/** A host, perhaps with a port and a path, where somebody will put a scheme in front. */
const BARE = /^(?:[^/:@?#]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#]|$)/i;

/**
 * A URL or a host as every parser reads it, if it may be reached as far as that can be said without
 * looking up its name.
 */
export function confineUrl(value: string | URL, rules: HostRules): string | URL {
  const text = String(value);
  if (DISPUTED.test(text)) {
    throw refusedArgument(`"${text}" holds characters that not every reader of URLs takes alike`);
  }
  const bare = BARE.test(text);
  const url = parse(bare ? `https://${text}` : text);
  if (url === undefined || (!bare && !SCHEME.test(text)))
    throw refusedArgument(`"${text}" is no URL`);
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  const reach = rules.reach(url);
  if (reach === undefined) {
    throw refusedArgument(`"${text}" is none of the hosts that may be reached (${rules.wanted})`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isWithinReach(host, reach, host)) {
    throw refusedArgument(`"${text}" is no public address`);
  }
  if (value instanceof URL) return url;
  return bare ? withoutScheme(url, text) : url.href;
}

function withoutScheme({ href }: URL, text: string): string {
  const rest = href.slice('https://'.length);
  return /[/?#]/.test(text) ? rest : rest.slice(0, -1);
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
