/** A piece of source code. Comments and blanks are none. */
export interface Token {
  readonly kind: 'word' | 'mark' | 'text' | 'newline';
  /** The word, the mark, or what stands between the quotes. */
  readonly text: string;
  readonly line: number;
}

/** Tokens, or why the code cannot be read. */
export type Tokens = readonly Token[] | { readonly unreadable: string; readonly line: number };

/** How a language writes what is not code. Patterns match at one place only (`y`). */
export interface Lexicon {
  readonly blank: RegExp;
  /** What is tried first, in order; the first group, if there is one, is what stands between the quotes. */
  readonly texts: readonly RegExp[];
  /** What opens a text that never ends. */
  readonly open: RegExp;
  readonly word: RegExp;
  /** Whether a text may begin after a token: a `/` may also divide. */
  mayBegin?(text: string, last: Token | undefined): boolean;
}

/** Reads source code into tokens. */
export function tokensOf(code: string, lexicon: Lexicon): Tokens {
  const tokens: Token[] = [];
  let line = 1;
  let at = 0;

  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    return pattern.exec(code);
  }

  function take(length: number): void {
    for (let i = at; i < at + length; i += 1) if (code[i] === '\n') line += 1;
    at += length;
  }

  while (at < code.length) {
    const blank = match(lexicon.blank);
    if (blank !== null && blank[0] !== '') {
      take(blank[0].length);
      continue;
    }
    if (code[at] === '\n') {
      tokens.push({ kind: 'newline', text: '\n', line });
      take(1);
      continue;
    }
    const text = textAt(lexicon, match, tokens.at(-1));
    if (text !== undefined) {
      tokens.push({ kind: 'text', text: text[1] ?? text[0], line });
      take(text[0].length);
      continue;
    }
    if (match(lexicon.open) !== null) return { unreadable: 'a text in quotes never ends', line };
    const word = match(lexicon.word);
    const length = word?.[0].length ?? 1;
    tokens.push({
      kind: word === null ? 'mark' : 'word',
      text: code.slice(at, at + length),
      line,
    });
    take(length);
  }
  return tokens;
}

function textAt(
  { texts, mayBegin }: Lexicon,
  match: (pattern: RegExp) => RegExpExecArray | null,
  last: Token | undefined,
): RegExpExecArray | undefined {
  for (const pattern of texts) {
    const found = match(pattern);
    if (found !== null && mayBegin?.(found[0], last) !== false) return found;
  }
  return undefined;
}
