const WIDE = /[^\0-\x7f]/;
// What nobody sees and no address contains: soft hyphen, zero-width characters, direction marks,
// fillers, tags, and what varies a character that has no other look.
const UNSEEN =
  /[\u034f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\u{e0000}-\u{e007f}]|(?<![\p{Extended_Pictographic}\p{Ideographic}])[\ufe00-\ufe0f\u{e0100}-\u{e01ef}](?!\u20e3)/gu;
// Unseen as well, and each the copy of a character of ASCII.
const TAG = /[\u{e0020}-\u{e007e}]/gu;

/** Whether a text is ASCII, and so in every Unicode form. */
export function isNormal(text: string): boolean {
  return !WIDE.test(text);
}

/** One Unicode form (NFKC) without characters that nobody sees; ASCII as it is. */
export function normalizeText(text: string): string {
  return WIDE.test(text) ? text.normalize('NFKC').replace(UNSEEN, '') : text;
}

/** The text with its tags read as the letters they stand for, where it has any. */
export function readTags(text: string): readonly string[] {
  const plain = text.replace(TAG, (tag) => String.fromCharCode((tag.codePointAt(0) ?? 0) & 0x7f));
  return plain === text ? [] : [plain];
}
