import { BREAK, isDigit, JOINT, kindOf, LETTER } from './characters.ts';
import { compactOf } from './compact.ts';
import { edgesOf, isGroupEdge } from './edges-of.ts';
import { FEWEST_DIGITS, isDigitGap, LONGEST_WORD } from './index-text.ts';
import { normalizeText } from './normalize-text.ts';
import { numberReadings } from './number-readings.ts';
import { isAccount, isGap } from './spacing.ts';

/** A value in the spellings in which it is looked up. */
export interface Query {
  readonly text: string;
  /** From its first letter to its last, and what has to stand before and behind it. */
  readonly head: string;
  readonly core: string;
  readonly tail: string;
  readonly isNumber: boolean;
  readonly isWord: boolean;
  /** A word of letters and digits alone. */
  readonly isPlainWord: boolean;
  readonly isAddress: boolean;
  /** Letters and digits alone, where it is looked up by them. */
  readonly compact: string;
  /** An account, card or telephone number. */
  readonly isGrouped: boolean;
  readonly numbers: readonly string[];
  /** The digits of what is written in groups; `undefined` for anything else. */
  readonly digits: string | undefined;
  /** Whether it is spelled without characters that only look like others, or like nothing. */
  readonly plain: boolean;
}

/** A number is only ever looked up as one; a text of digits may be an account as well. */
export function queryOf(value: string | number | bigint): Query {
  const isNumber = typeof value !== 'string';
  const trimmed = isNumber ? String(value) : value.trim();
  const text = normalizeText(trimmed);
  const edges = edgesOf(text);
  const { head, core, tail } = edges;
  const { word, joints, address, letters, digits, grouped, spaced } = shapeOf(core);
  const isNumbers = !isNumber && isGroupEdge(edges);
  const isGrouped = isNumbers && spaced && isAccount(letters, digits);
  const isPlainWord = word && !joints && core.length <= LONGEST_WORD;
  return {
    text,
    head,
    core,
    tail,
    // Numbers and plain words are found as they are.
    compact: isNumber || (isPlainWord && !isGrouped) ? '' : compactOf(text),
    isGrouped,
    isNumber,
    isWord: word && !isNumber,
    isPlainWord,
    isAddress: address,
    numbers: isNumber
      ? exactly(text)
      : digits > 0 && digits === letters
        ? numberReadings(text)
        : NONE,
    digits: isNumbers && grouped && digits >= FEWEST_DIGITS ? text.replace(/\D/g, '') : undefined,
    plain: text === trimmed || text === trimmed.normalize('NFC'),
  };
}

const NONE: readonly string[] = Object.freeze([]);

/** A number has one reading, unless it is printed with an exponent. */
function exactly(text: string): readonly string[] {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? [text] : NONE;
}

interface Shape {
  readonly word: boolean;
  readonly joints: boolean;
  readonly address: boolean;
  /** Letters and digits. */
  readonly letters: number;
  readonly digits: number;
  /** Nothing but letters, digits and what stands between groups of them. */
  readonly spaced: boolean;
  /** Nothing but digits and what stands between groups of them. */
  readonly grouped: boolean;
}

function shapeOf(text: string): Shape {
  let word = text !== '';
  let joints = false;
  let address = false;
  let digits = 0;
  let letters = 0;
  let grouped = true;
  let spaced = true;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (isDigit(code)) digits += 1;
    else if (!isDigitGap(code) && code !== 43) grouped = false;
    const kind = kindOf(code);
    if (kind === LETTER) letters += 1;
    else if (!isGap(text.charAt(i))) spaced = false;
    if (kind === BREAK) word = false;
    else if (kind === JOINT) {
      joints = true;
      if (code === 46 || code === 64 || code === 47 || code === 58) address = true;
    }
  }
  return { word, joints, address: address && word, letters, digits, grouped, spaced };
}
