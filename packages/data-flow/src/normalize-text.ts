const WIDE = /[^\0-\x7f]/;
// What nobody sees and no address contains: soft hyphen, zero-width characters, direction marks, tags.
const UNSEEN =
  /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]|\udb40[\udc00-\udc7f]/g;

/** Whether a text is ASCII, and so in every Unicode form. */
export function isNormal(text: string): boolean {
  return !WIDE.test(text);
}

/** One Unicode form (NFKC) without characters that nobody sees; ASCII as it is. */
export function normalizeText(text: string): string {
  return WIDE.test(text) ? text.normalize('NFKC').replace(UNSEEN, '') : text;
}
