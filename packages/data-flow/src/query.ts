import { BREAK, isDigit, JOINT, kindOf } from './characters.ts';
import { compactOf } from './compact.ts';
import { FEWEST_DIGITS, isDigitGap } from './index-text.ts';
import { normalizeText } from './normalize-text.ts';
import { numberReadings } from './number-readings.ts';
import { isGroupedNumber } from './spacing.ts';

/** A value in the spellings in which it is looked up. */
export interface Query {
  readonly text: string;
  readonly compact: string;
  readonly isNumber: boolean;
  readonly isWord: boolean;
  readonly isAddress: boolean;
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
  const trimmed = String(value).trim();
  const text = normalizeText(trimmed);
  const shape = shapeOf(text);
  const compact = compactOf(text);
  return {
    text,
    compact,
    isNumber: typeof value !== 'string',
    isWord: shape.word && typeof value === 'string',
    isAddress: shape.address,
    isGrouped: typeof value === 'string' && shape.digits > 3 && isGroupedNumber(text, compact),
    numbers: shape.digits > 0 ? numberReadings(text) : [],
    digits:
      typeof value === 'string' && shape.grouped && shape.digits >= FEWEST_DIGITS
        ? text.replace(/\D/g, '')
        : undefined,
    plain: text === trimmed || text === trimmed.normalize('NFC'),
  };
}

interface Shape {
  readonly word: boolean;
  readonly address: boolean;
  readonly digits: number;
  /** Nothing but digits and what stands between groups of them. */
  readonly grouped: boolean;
}

function shapeOf(text: string): Shape {
  let word = text !== '';
  let address = false;
  let digits = 0;
  let grouped = true;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (isDigit(code)) digits += 1;
    else if (!isDigitGap(code) && code !== 43) grouped = false;
    const kind = kindOf(code);
    if (kind === BREAK) word = false;
    else if (kind === JOINT && (code === 46 || code === 64 || code === 47 || code === 58)) {
      address = true;
    }
  }
  return { word, address: address && word, digits, grouped };
}
