/** What a character does to the words of a text. */
export const BREAK = 0;
/** A letter or a digit. */
export const LETTER = 1;
/** Holds words together, such as the dot of a host. */
export const JOINT = 2;

const JOINTS = '.:/@-_+%&#?!~\\';
const SMALL: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[A-Za-z0-9]/.test(char)) return LETTER;
  return JOINTS.includes(char) ? JOINT : BREAK;
});

/** The kind of a UTF-16 code unit. */
export function kindOf(code: number): number {
  if (code < 128) return SMALL[code] as number; // within bounds
  return isWideBreak(code) ? BREAK : LETTER;
}

/** Punctuation, currency signs and what nobody sees, outside ASCII. */
function isWideBreak(code: number): boolean {
  if (code < 0xc0) return code !== 0xaa && code !== 0xb5 && code !== 0xba;
  return (
    (code >= 0x2000 && code <= 0x20cf) ||
    (code >= 0x3000 && code <= 0x303f) ||
    code === 0xfeff ||
    code === 0xd7 ||
    code === 0xf7
  );
}

/** ASCII capitals as small letters; everything else as it is. */
export function fold(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** A folded letter or digit as six bits, for windows over text without separators. */
const SIX_BITS: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const small = fold(code);
  if (isDigit(small)) return small - 48;
  return small >= 97 && small <= 122 ? small - 87 : 0;
});

/** {@link SIX_BITS} for every code unit. */
export function sixBitsOf(code: number): number {
  return code < 128 ? (SIX_BITS[code] as number) : 36 + (code % 28); // within bounds
}
