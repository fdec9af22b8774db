/** One space wherever there is any, none at the ends. */
export function collapseSpacing(text: string): string {
  return /\s/.test(text) ? text.trim().replace(/\s+/g, ' ') : text;
}

const GAP = /^[\s\-()+]$/u;
const GROUPED = /^[\p{L}\d\s\-()+]+$/u;
const LONGEST_NUMBER = 40;

/** Whether a character stands between groups of an account, card or telephone number. */
export function isGap(char: string): boolean {
  return char === ' ' || char === '-' || GAP.test(char);
}

/** Whether so many letters and digits, of which so many are digits, may be such a number. */
export function isAccount(letters: number, digits: number): boolean {
  return letters <= LONGEST_NUMBER && letters >= 7 && digits * 2 > letters;
}

/** Whether a text is an account, card or telephone number: where its spaces are means nothing. */
export function isGroupedNumber(text: string, compact: string): boolean {
  if (compact.length > LONGEST_NUMBER || compact.length < 7 || !GROUPED.test(text)) return false;
  return isAccount(compact.length, compact.replace(/\D/g, '').length);
}
