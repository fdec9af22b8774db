import { domainToASCII } from 'node:url';

/** After a scheme (and a user name, which may look like a host) or an at sign, up to what ends a host. */
const HOST = /(?:\b[a-z][a-z0-9+.-]*:\/\/|@)([^\s/?#@:"'`<>()[\]{},;\\]+)/giu;
/** A text that is nothing but a host. */
const BARE = /^[\p{L}\p{M}\p{N}-]+(?:[.\u3002\uff0e\uff61][\p{L}\p{M}\p{N}-]+)+$/u;
const ASCII = /^[\x20-\x7e]*$/;
const MOST = 5;

/**
 * The hosts of URLs and e-mail addresses in a text that are written in other letters than they are
 * looked up under, as they are looked up: `аpple.com` with a Cyrillic letter is `xn--pple-43d.com`.
 */
function hostsIn(text: string): readonly string[] {
  if (ASCII.test(text)) return [];
  const candidates = BARE.test(text) ? [text] : Array.from(text.matchAll(HOST), ([, host]) => host);
  const hosts = candidates
    .filter((host) => host !== undefined)
    .filter((host) => !ASCII.test(host))
    .map((host) => domainToASCII(host))
    .map((host) => (host === '' ? 'not a valid one' : host));
  return [...new Set(hosts)].slice(0, MOST);
}

/** The hosts in words, where there are any. */
export function hostNote(text: string): string | undefined {
  const hosts = hostsIn(text);
  return hosts.length === 0 ? undefined : `host ${hosts.join(', ')}`;
}
