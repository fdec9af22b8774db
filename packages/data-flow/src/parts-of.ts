import { normalizeText } from './normalize-text.ts';

/**
 * What of an argument is looked up: all of it, it as a link, the host it names, the addresses, the
 * amounts or the links in it.
 */
export type Part = 'value' | 'link' | 'host' | 'email' | 'amount' | 'links';

/** Those parts of a value, each as text. `null`, `undefined` and truth values have none. */
export function partsOf(value: unknown, part: Part): readonly (string | number)[] {
  if (part === 'value' && typeof value === 'number') return [value];
  if (part === 'value' && typeof value === 'string') return value.trim() === '' ? [] : [value];
  return textsIn(value, 0).flatMap((text) => {
    if (text.trim() === '') return [];
    switch (part) {
      case 'value':
        return [text];
      case 'link':
        return [linkOf(spaced(text))];
      case 'host':
        return [hostOf(text)];
      case 'email':
        return addressesIn(text);
      case 'amount':
        return orAll(text, text.match(AMOUNT));
      case 'links':
        return [...new Set(Array.from(spaced(text).match(LINK) ?? [], linkOf))];
    }
  });
}

const AMOUNT = /-?\d[\d.,'’]*/g;
/** What a reader's program would make a link of: with a scheme, an address, or a name with a top level. */
const LINK =
  /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s<>"'`|\\^{}[\]]+|[^\s<>"'`()[\]{},;:@/]{1,64}@[\p{L}\d.-]{1,190}\.\p{L}{2,63}|(?:[\p{L}\d](?:[\p{L}\d-]{0,61}[\p{L}\d])?\.){1,32}(?:xn--[a-z\d-]{1,59}|\p{L}{2,63})(?::\d{1,5})?(?:\/[^\s<>"'`|\\^{}[\]]*)?/giu;

/** One address, or `Ann Smith <ann@example.com>`. */
const EMAIL = /^(?:[^@<>]*<)?([^\s<>,;:"()@]{1,64}@[^\s<>,;:"()@]{1,255})>?$/;

/**
 * The addresses of a list of recipients. What stands there and is no address is looked up as it is,
 * since nobody knows what a mail program makes of it.
 */
function addressesIn(text: string): readonly string[] {
  const items = normalizeText(text).split(/[,;\r\n]+/);
  return items
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => EMAIL.exec(item)?.[1] ?? item);
}

const DEEPEST = 16;
/** Names that a program gives its fields; other keys are content. */
const NAME = /^[A-Za-z_$][\w$-]{0,63}$/;

function textsIn(value: unknown, depth: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  if (depth === DEEPEST) return ['too deeply nested'];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, own]) => [
    ...(isList || NAME.test(key) ? [] : [key]),
    ...textsIn(own, depth + 1),
  ]);
}

/** A value that should hold something and holds none is looked up as it is, and found nowhere. */
function orAll(text: string, found: readonly string[] | null): readonly string[] {
  return found === null ? [text] : found;
}

/** What browsers read as the point of a host. */
const FULL_STOPS = /[\u3002\uff0e\uff61]/g;

/** Models write line breaks as `\\n` at times; what follows is no part of a host. */
function spaced(text: string): string {
  return normalizeText(text)
    .replace(/\\[nrt]/g, ' ')
    .replace(FULL_STOPS, '.');
}

/** A link without what trails it; one of the web without its scheme and its port. The host is in small letters. */
function linkOf(text: string): string {
  const bare = withoutEnd(text.trim(), TRAILING);
  const [, scheme = '', rest = bare] = /^([a-z][a-z0-9+.-]{0,30}):\/\/(.*)$/is.exec(bare) ?? [];
  const end = rest.search(/[/?#\\]/);
  const host = (end === -1 ? rest : rest.slice(0, end)).toLowerCase();
  const path = end === -1 ? '' : rest.slice(end);
  if (!/^(?:https?)?$/i.test(scheme)) return `${scheme.toLowerCase()}://${host}${path}`;
  return withoutEnd(`${withoutWww(host.replace(/:(?:80|443)$/, ''))}${path}`, '/');
}

/** What follows a link in a sentence. */
const TRAILING = `.,;:!?)]}'"*_`;

function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** The host of a URL, with or without a scheme. */
function hostOf(text: string): string {
  const trimmed = text.trim();
  const whole = /^[a-z][a-z0-9+.-]{0,30}:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  return URL.canParse(whole) ? withoutWww(new URL(whole).hostname.replace(/\.$/, '')) : trimmed;
}

/** By convention the same site. */
function withoutWww(host: string): string {
  return host.replace(/^www\.(?=.*\.)/i, '');
}
