import { fold, kindOf, LETTER } from './characters.ts';

/** Letters and digits alone, capitals folded. */
export function compactOf(text: string): string {
  let compact = '';
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (kindOf(code) === LETTER) compact += String.fromCharCode(fold(code));
  }
  return compact;
}
