const PERCENT = /%[0-9A-Fa-f]{2}/;
const ENTITY = /&(?:#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]{2,8});/g;
const BASE64 = /[A-Za-z0-9+/_-]{12,}={0,2}/g;
const HEX = /^(?:[0-9a-fA-F]{2}){6,}$/;
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  commat: '@',
  period: '.',
  sol: '/',
  colon: ':',
};

/** What a text says when percent, HTML, base64 and hexadecimal encoding are undone, once each. */
export function decodings(text: string): readonly string[] {
  return [...unescapings(text), ...decodedTokens(text)];
}

/** What a text says without percent encoding and HTML entities, where it has any. */
export function unescapings(text: string): readonly string[] {
  const all: string[] = [];
  if (PERCENT.test(text)) all.push(unpercent(text));
  if (text.includes('&')) {
    const plain = text.replace(ENTITY, entity);
    if (plain !== text) all.push(plain);
  }
  return all;
}

/** The texts within a text that are written in base64 or hexadecimal digits. */
function decodedTokens(text: string): readonly string[] {
  const all: string[] = [];
  for (const [token] of text.length < 12 ? [] : text.matchAll(BASE64)) {
    const plain = HEX.test(token) ? unhex(token) : unbase64(token);
    if (plain !== undefined) all.push(plain);
  }
  return all;
}

function unpercent(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
      readable(Uint8Array.from(run.slice(1).split('%'), (hex) => Number.parseInt(hex, 16))),
    );
}

function entity(all: string): string {
  const name = all.slice(1, -1);
  if (!name.startsWith('#')) return (Object.hasOwn(NAMED, name) ? NAMED[name] : undefined) ?? all;
  const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
}

function unhex(token: string): string | undefined {
  const bytes = Uint8Array.from({ length: token.length / 2 }, (_, i) =>
    Number.parseInt(token.slice(2 * i, 2 * i + 2), 16),
  );
  return textIn(bytes);
}

function unbase64(token: string): string | undefined {
  const plain = token.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  // Words and paths look like base64 as well; only text comes out of what is.
  if (plain.length % 4 === 1 || /^[a-z/]+$/.test(plain)) return undefined;
  try {
    return textIn(Uint8Array.from(atob(plain), (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

const strict = new TextDecoder('utf-8', { fatal: true });

function readable(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The bytes as text; `undefined` when they are none. */
function textIn(bytes: Uint8Array): string | undefined {
  for (const byte of bytes) {
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) return undefined;
  }
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}
