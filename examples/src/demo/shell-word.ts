/** A text as one word of a POSIX shell's command line. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-')) return text;
  return text.startsWith('-')
    ? shellWord(`./${text}`)
    : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
