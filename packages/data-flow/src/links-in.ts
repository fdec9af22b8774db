import { unescapings } from './decodings.ts';
import { normalizeText } from './normalize-text.ts';

const REST = /[^\s<>"'`|^{}[\]]*/.source;
const HOST = /(?:\[[\da-f:.]+\]|[^\s<>"'`|\\^{}[\]])/.source;
const NAME =
  /(?:[\p{L}\d](?:[\p{L}\p{M}\d-]{0,61}[\p{L}\p{M}\d])?\.){1,32}(?:xn--[a-z\d-]{1,59}|\p{L}[\p{L}\p{M}]{1,62})/u
    .source;
/** What a reader's program would make a link of. */
const LINK = new RegExp(
  [
    // With a scheme; browsers mend the slashes of their own.
    `[a-z][a-z0-9+.-]{0,30}:\\/\\/${HOST}${REST}`,
    `(?:https?|ftp|wss?):[/\\\\]*${HOST}${REST}`,
    `(?:javascript|vbscript):${REST}`,
    `data:[a-z]{1,20}\\/${REST}`,
    // The scheme of the page.
    `(?<![\\p{L}\\d:/\\\\])[/\\\\]{2}[\\p{L}\\d.-]{1,190}(?::\\d{1,5})?[/\\\\?#]${REST}`,
    `(?<![\\p{L}\\d:/\\\\])[/\\\\]{2}\\[${REST}\\]?${REST}`,
    // An address.
    /[^\s<>"'`()[\]{},;:@/]{1,64}@[\p{L}\p{M}\d.-]{1,190}\.[\p{L}\p{M}]{2,63}/u.source,
    // A name with a top level, or the number of a host with a port or a path.
    `${NAME}(?::\\d{1,5})?(?:\\/${REST})?`,
    `(?<![\\d.])\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d{1,5}|\\/)${REST}`,
  ].join('|'),
  'giu',
);

/** What browsers read as the point of a host. */
const FULL_STOPS = /[\u3002\uff0e\uff61]/g;

/** The links in a text, each once. */
export function linksIn(text: string): readonly string[] {
  return [...new Set(text.split(/\s+/).flatMap(linksOf))];
}

function linksOf(word: string): readonly string[] {
  // Percent encoding may be escaped once more.
  const once = unescapings(word);
  const spellings = [word, ...once, ...once.flatMap(unescapings)];
  const links = spellings.flatMap((one) => Array.from(spaced(one).match(LINK) ?? [], trimmedLink));
  // In characters that only look like others it is none that anybody typed.
  return links.length === 0 || isPlain(word) ? links : [word];
}

/** A value as a link. */
export function linkOf(text: string): string {
  return isPlain(text) ? trimmedLink(spaced(text)) : text;
}

/** Whether it is spelled without characters that look like others, or like nothing. */
function isPlain(text: string): boolean {
  return normalizeText(text) === text.normalize('NFC');
}

/** Models write line breaks as `\\n` at times; what follows is no part of a host. */
function spaced(text: string): string {
  return normalizeText(text)
    .replace(/\\[nrt]/g, ' ')
    .replace(FULL_STOPS, '.');
}

/** A link without what trails it; one of the web without its scheme and its port. The host is in small letters. */
function trimmedLink(text: string): string {
  const bare = GOES_UP.test(text) ? text.trim() : withoutEnd(text.trim(), TRAILING);
  const [, scheme = '', rest = bare] = /^([a-z][a-z0-9+.-]{0,30}):\/\/(.*)$/is.exec(bare) ?? [];
  const end = rest.search(/[/?#\\]/);
  const host = (end === -1 ? rest : rest.slice(0, end)).toLowerCase();
  const path = end === -1 ? '' : rest.slice(end);
  if (!/^(?:https?)?$/i.test(scheme)) return `${scheme.toLowerCase()}://${host}${path}`;
  return withoutEnd(`${withoutWww(host.replace(/:(?:80|443)$/, ''))}${path}`, '/');
}

/** What follows a link in a sentence. */
const TRAILING = `.,;:!?)]}'"*_`;
/** Points behind a slash are no end of a sentence. */
const GOES_UP = /[/\\]\.\.(?![\p{L}\d.])/u;

function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** By convention the same site. */
export function withoutWww(host: string): string {
  return host.replace(/^www\.(?=.*\.)/i, '');
}
