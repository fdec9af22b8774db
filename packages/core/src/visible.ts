const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|\\(?=u\{)/gu;
const PROBABLY_PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

function escape(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/**
 * Makes control, format, bidi, private, unassigned and ignorable characters (variation selectors and
 * fillers, which can carry a hidden text) visible as `\u{…}` instead of stripping them, so that two
 * different texts never look the same for that reason. A backslash that would imitate such an escape
 * is escaped too. With `keepNewlines`, `\n` and `\t` stay.
 */
export function visible(text: string, options: { readonly keepNewlines?: boolean } = {}): string {
  if (PROBABLY_PLAIN.test(text)) return text;
  if (options.keepNewlines !== true) return text.replace(HIDDEN, escape);
  return text.replace(HIDDEN, (c) => (c === '\n' || c === '\t' ? c : escape(c)));
}
