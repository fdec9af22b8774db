/** One space wherever there is any, none at the ends. */
export function collapseSpacing(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

const GROUPED = /^[\p{L}\d\s\-()+]+$/u;
const LONGEST_NUMBER = 40;

/** Whether a text is an account, card or telephone number: where its spaces are means nothing. */
export function isGroupedNumber(text: string, compact: string): boolean {
  if (compact.length > LONGEST_NUMBER || compact.length < 7 || !GROUPED.test(text)) return false;
  return compact.replace(/\D/g, '').length * 2 > compact.length;
}
