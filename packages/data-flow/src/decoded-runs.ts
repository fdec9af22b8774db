const FEWEST = 12;
const BASE64 = /[A-Za-z0-9+/_-]{12,}/g;
const HEX = /[0-9a-fA-F]{12,}/g;
/** Words and paths look like base64 as well. */
const WORDS = /^[a-z/]+$/;
const LINE_BREAK = 10;

/**
 * What a text says in base64 or in hexadecimal digits, wherever in a word or a link it begins: each
 * run is read from each of its first digits on, so that one of the readings is the right one.
 */
export function decodedRuns(text: string): readonly string[] {
  if (text.length < FEWEST) return [];
  const long = (text.match(BASE64) ?? []).filter((run) => !WORDS.test(run));
  return [...readings(long, SIX_BITS, 6, 4), ...readings(text.match(HEX) ?? [], FOUR_BITS, 4, 2)];
}

/** The runs as text, line by line, from their first digits on, from their second ones on and so forth. */
function readings(
  runs: readonly string[],
  valueOf: Uint8Array,
  width: number,
  starts: number,
): readonly string[] {
  if (runs.length === 0) return [];
  const size = runs.reduce((sum, run) => sum + run.length + 1, 0);
  const bytes = new Uint8Array(size);
  return Array.from({ length: starts }, (_, start) => {
    let end = 0;
    for (const run of runs) {
      let bits = 0;
      let held = 0;
      for (let i = start; i < run.length; i += 1) {
        held = ((held << width) | (valueOf[run.charCodeAt(i)] as number)) & 0xffff; // digits are ASCII
        bits += width;
        if (bits < 8) continue;
        bits -= 8;
        bytes[end++] = (held >>> bits) & 0xff;
      }
      bytes[end++] = LINE_BREAK;
    }
    return decoder.decode(bytes.subarray(0, end));
  });
}

const decoder = new TextDecoder();

const SIX_BITS: Uint8Array = valuesOf(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  '-_',
  62,
);
const FOUR_BITS: Uint8Array = valuesOf('0123456789abcdef', 'ABCDEF', 10);

/** By character code; the others mean the same from a number on. */
function valuesOf(digits: string, others: string, from: number): Uint8Array {
  const values = new Uint8Array(128);
  for (let i = 0; i < digits.length; i += 1) values[digits.charCodeAt(i)] = i;
  for (let i = 0; i < others.length; i += 1) values[others.charCodeAt(i)] = from + i;
  return values;
}
