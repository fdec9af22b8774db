import { wordsOf } from './words.ts';

/** What the arguments of a call seem to touch. */
export interface Resources {
  readonly paths: readonly unknown[];
  readonly urls: readonly unknown[];
  /** Bytes of the largest value in the arguments. */
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
const LOOKS_LIKE_PATH = /^(?:~?[\\/]|\.{1,2}[\\/]|[a-z]:[\\/])\S*$/i;

const MOST_VALUES = 10_000;
const DEEPEST = 32;

/** Looks for paths and URLs by the names of fields, and by the look of values whatever their field. */
export function findResources(args: unknown): Resources {
  const found = { paths: [] as unknown[], urls: [] as unknown[], size: 0, complete: true };
  let seen = 0;
  const look = (value: unknown, field: string, depth: number): void => {
    seen += 1;
    if (seen > MOST_VALUES || depth > DEEPEST) {
      found.complete = false;
    } else if (typeof value === 'string') {
      found.size = Math.max(found.size, bytesOf(value));
      place(value, field);
    } else if (value instanceof URL) {
      found.urls.push(value);
    } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      found.size = Math.max(found.size, value.byteLength);
    } else if (Array.isArray(value)) {
      for (const item of value) look(item, field, depth + 1);
    } else if (value instanceof Map || value instanceof Set) {
      found.complete = false; // nothing says what their parts are
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) look(item, key, depth + 1);
    }
  };
  const place = (value: string, field: string): void => {
    const named = wordsOf(field);
    const url = LOOKS_LIKE_URL.test(value) || named.some((word) => URL_WORDS.has(word));
    if (url) found.urls.push(value);
    else if (LOOKS_LIKE_PATH.test(value) || named.some((word) => PATH_WORDS.has(word))) {
      found.paths.push(value);
    }
  };
  look(args, '', 0);
  return found;
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
