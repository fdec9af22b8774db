import { fileURLToPath, pathToFileURL } from 'node:url';

/** Why a text is no path that everybody reads alike; `undefined` where it is one. */
export function unclearPath(text: string, windows: boolean): string | undefined {
  if (text.length > LONGEST) return 'is too long for a path';
  if (/\p{Cc}/u.test(text)) return 'holds a control character';
  if (/\p{Cs}/u.test(text)) return 'is no well-formed text';
  if (text.startsWith('~')) return 'starts with ~, which a shell would replace';
  if (windows) return unclearOnWindows(text) ?? unclearDecoded(text);
  if (text.includes('\\')) return 'holds a backslash, which is no separator everywhere';
  if (/^[a-z]:/i.test(text)) return 'starts with a drive';
  return unclearDecoded(text);
}

/** PATH_MAX of Linux. */
const LONGEST = 4096;

const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?:\.|$)/i;

function unclearOnWindows(text: string): string | undefined {
  if (/^[\\/]{2}/.test(text)) return 'leads to another machine or a device';
  const names = text.replace(/^[a-z]:(?=[\\/])/i, '').split(/[\\/]/);
  for (const name of names) {
    if (name.includes(':')) return 'names a stream or a drive';
    if (DEVICE.test(name.trim())) return 'names a device';
    if (name !== '.' && name !== '..' && /[. ]$/.test(name))
      return 'has a name that ends in . or a space';
    if (/~\d/.test(name)) return 'has a short name';
  }
  return undefined;
}

/**
 * Whether it would be another path once somebody decodes it: percent signs, also twice over, with
 * longer forms of UTF-8 than needed, and full-width letters.
 */
function unclearDecoded(text: string): string | undefined {
  let decoded = text;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const next = decodeOnce(decoded);
    if (next === decoded) return shapeOf(decoded) === shapeOf(text) ? undefined : OTHERWISE;
    decoded = next;
  }
  return OTHERWISE;
}

const MOST_ROUNDS = 8;
const OTHERWISE = 'is another path once it is decoded';

/** What makes a path another one: separators, `.` and `..`, drives, and characters that end it. */
function shapeOf(text: string): string {
  return text
    .split(/([\\/])/)
    .map((part) => (/^(?:[\\/]|\.{1,2})$/.test(part) ? part : /[\p{Cc}:~]/u.test(part) ? '!' : 'x'))
    .join('');
}

function decodeOnce(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/%u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => decodeBytes(run));
}

function decodeBytes(run: string): string {
  const bytes = run
    .slice(1)
    .split('%')
    .map((hex) => Number.parseInt(hex, 16));
  let text = '';
  for (let i = 0; i < bytes.length;) {
    const [code, length] = codeAt(bytes, i);
    text += String.fromCodePoint(code);
    i += length;
  }
  return text;
}

/** UTF-8 as a careless decoder reads it: forms that are too long, and any byte as what follows. */
function codeAt(bytes: readonly number[], at: number): readonly [number, number] {
  const first = bytes[at] ?? 0;
  const following = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  let code = following === 0 ? first : first & (0x3f >> following);
  if (at + following >= bytes.length) return [first, 1];
  for (let i = 1; i <= following; i += 1) code = (code << 6) | ((bytes[at + i] ?? 0) & 0x3f);
  return [code > 0x10ffff ? first : code, 1 + following];
}

/** A path that is written as a `file:` URL, text or object. */
export function isFileUrl(value: unknown): value is string | URL {
  if (value instanceof URL) return value.protocol === 'file:';
  return typeof value === 'string' && /^file:/i.test(value);
}

/** The path of a `file:` URL; `undefined` for one that names another machine or hides a separator. */
export function pathOfUrl(url: string | URL): string | undefined {
  try {
    const { host, search, hash } = new URL(url);
    if (host !== '' || search !== '' || hash !== '') return undefined;
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

/** A path in the shape of what it is given for. */
export function inShapeOf(given: unknown, path: string): string | URL {
  if (!isFileUrl(given)) return path;
  const url = pathToFileURL(path);
  return typeof given === 'string' ? url.href : url;
}
