import { wordsOf } from './words.ts';

/** What the arguments of a call seem to touch. */
export interface Resources {
  readonly paths: readonly unknown[];
  readonly urls: readonly unknown[];
  /** Bytes of the largest value in the arguments; the parts of a list are one value. */
  readonly size: number;
  /** Whether everything was looked at. */
  readonly complete: boolean;
}

const PATH_WORDS = words(
  'path paths file files filename filenames filepath dir directory folder cwd src dest destination',
);
const URL_WORDS = words(
  'url urls uri uris href link links host hosts hostname domain endpoint site',
);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** A whole text that is a URL, or a path from a root, the home or a parent directory. */
const LOOKS_LIKE_URL = /^[a-z][a-z0-9+.-]*:\/\/\S+$/i;
/** A URL, or what stands where one is due, that leads to a file of this machine. */
const NAMES_FILE = /^(?:file:|[\\/~.]|[a-z]:[\\/])/i;
const LOOKS_LIKE_PATH = /^(?:~?[\\/]|\.{1,2}[\\/]|[a-z]:[\\/])\S*$/i;

const MOST_VALUES = 10_000;
const DEEPEST = 32;
/** No name of a field is longer, and to read one costs time. */
const LONGEST_NAME = 256;

type Kind = 'path' | 'url' | undefined;

/** Looks for paths and URLs by the names of fields, and by the look of values whatever their field. */
export function findResources(args: unknown): Resources {
  const found = { paths: [] as unknown[], urls: [] as unknown[], complete: true };
  let seen = 0;
  /** Gives the size of the value. */
  const look = (value: unknown, kind: Kind, depth: number): number => {
    seen += 1;
    if (seen > MOST_VALUES || depth > DEEPEST) {
      found.complete = false;
      return 0;
    }
    if (typeof value === 'string') {
      const url = LOOKS_LIKE_URL.test(value) || kind === 'url';
      if (url) found.urls.push(value);
      if (url ? NAMES_FILE.test(value) : kind === 'path' || LOOKS_LIKE_PATH.test(value)) {
        found.paths.push(value);
      }
      return bytesOf(value);
    }
    if (value instanceof URL) {
      found.urls.push(value);
      if (NAMES_FILE.test(value.href)) found.paths.push(value);
    }
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
    if (Array.isArray(value)) {
      return value.reduce<number>((sum, item) => sum + look(item, kind, depth + 1), 0);
    }
    if (value instanceof Map || value instanceof Set) found.complete = false; // nothing says what their parts are
    return isFields(value) ? lookInside(value, depth) : 0;
  };
  const lookInside = (value: object, depth: number): number => {
    let largest = 0;
    for (const [name, item] of Object.entries(value)) {
      if (name.length > LONGEST_NAME) found.complete = false;
      else largest = Math.max(largest, look(item, kindOfField(name), depth + 1));
    }
    return largest;
  };
  const size = look(args, undefined, 0);
  return { ...found, size };
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function kindOfField(name: string): Kind {
  const named = wordsOf(name);
  if (named.some((word) => URL_WORDS.has(word))) return 'url';
  return named.some((word) => PATH_WORDS.has(word)) ? 'path' : undefined;
}

/** Length in UTF-8. */
function bytesOf(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) bytes += 1;
    if (code > 0x7ff && (code < 0xd800 || code > 0xdfff)) bytes += 1;
  }
  return bytes;
}
