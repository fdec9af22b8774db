import { linkOf, linksIn, withoutWww } from './links-in.ts';
import { plainOf, UNREAD } from './plain-of.ts';

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
    if (text === UNREADABLE) return [text];
    switch (part) {
      case 'value':
        return [text];
      case 'link':
        return [linkOf(text)];
      case 'host':
        return [hostOf(text)];
      case 'email':
        return addressesIn(text);
      case 'amount':
        return amountsIn(text);
      case 'links':
        return linksIn(text);
    }
  });
}

/** One address, or `Ann Smith <ann@example.com>`, or `"Smith, Ann" <ann@example.com>`. */
const EMAIL = /^(?:[^"@<>]*<|"[^"@<>]*"\s*<)?([^\s<>,;:"()@]{1,64}@[^\s<>,;:"()@]{1,255})>?$/;
const RECIPIENTS = /(?:"[^"@<>\r\n]*"\s*<|[^,;\r\n])+/g;

/**
 * The addresses of a list of recipients. What stands there and is no address is looked up as it is,
 * since nobody knows what a mail program makes of it.
 */
function addressesIn(text: string): readonly string[] {
  return (text.match(RECIPIENTS) ?? [])
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => EMAIL.exec(item)?.[1] ?? item);
}

const DEEPEST = 16;
/** Names that a program gives its fields; other keys are content. */
const NAME = /^[A-Za-z_$][\w$-]{0,63}$/;

/** With a character that nobody sees, so that no text vouches for it. */
const UNREADABLE = 'what cannot be read\u2060';

function textsIn(value: unknown, depth: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
  if (value === UNREAD) return [UNREADABLE];
  if (typeof value !== 'object' || value === null) return [];
  if (depth === DEEPEST) return [UNREADABLE];
  const plain = plainOf(value);
  if (plain !== value) return textsIn(plain, depth + 1);
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, own]) => [
    ...(isList || NAME.test(key) ? [] : [key]),
    ...textsIn(own, depth + 1),
  ]);
}

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));
const AMOUNT = /^([A-Z]{3}|\p{Sc})?\s*(-?\d[\d.,'’]*)\s*([A-Z]{3}|\p{Sc})?$/u;

/** The amounts of a list; an item that is more than a number and its currency is looked up as it is. */
function amountsIn(text: string): readonly string[] {
  const items = text.split(/[;\n]|,\s/).map((item) => item.trim());
  return items.filter((item) => item !== '').map((item) => amountOf(item) ?? item);
}

function amountOf(item: string): string | undefined {
  const [, before, amount, behind] = AMOUNT.exec(item) ?? [];
  return [before, behind].every(isCurrency) ? amount : undefined;
}

function isCurrency(name: string | undefined): boolean {
  return name === undefined || name.length < 3 || CURRENCIES.has(name);
}

/** The host of a URL, with or without a scheme. What programs read differently is looked up as it is. */
function hostOf(text: string): string {
  const trimmed = text.trim();
  const whole = /^[a-z][a-z0-9+.-]{0,30}:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  if (/^[^/]*\/\/[^/?#]*@|[\\\s]/.test(whole) || !URL.canParse(whole)) return trimmed;
  return withoutWww(new URL(whole).hostname.replace(/\.$/, ''));
}
