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
  /** Texts with code in them. */
  readonly mixed?: MixedText;
  /** What announces a text that begins on the next line; the last group is the line that ends it. */
  readonly announce?: RegExp;
  /** Whether a text may begin after a token: a `/` may also divide. */
  mayBegin?(text: string, last: Token | undefined): boolean;
}

/** A text in quotes in which code may stand. */
export interface MixedText {
  readonly quote: string;
  /** What is no code. */
  readonly plain: RegExp;
  /** Where code begins, with what opens and what ends it. */
  readonly code: ReadonlyArray<readonly [begin: string, opens: string, ends: string]>;
}

const ENDLESS = 'a text in quotes never ends';

/** Reads source code into tokens, each character once or a bounded number of times. */
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

  function push(kind: Token['kind'], text: string, length: number): void {
    tokens.push({ kind, text, line });
    take(length);
  }

  const { mixed, announce } = lexicon;
  /** What ends the code within each text around this place, and how many of its marks are open. */
  const around: Array<{ readonly opens: string; readonly ends: string; open: number }> = [];
  const announced: string[] = [];
  let inText = false;

  /** One step within a text. */
  function readText({ quote, plain, code: codes }: MixedText): void {
    const found = match(plain);
    if (found !== null) return push('text', found[0], found[0].length);
    const [begin = code.charAt(at), opens, ends] =
      codes.find(([begins]) => code.startsWith(begins, at)) ?? [];
    inText = begin !== quote && ends === undefined;
    if (opens !== undefined && ends !== undefined) around.push({ opens, ends, open: 0 });
    push('mark', begin.slice(-1), begin.length);
  }

  function readMark(): void {
    const mark = code.charAt(at);
    const inner = around.at(-1);
    if (mark === inner?.ends && inner.open === 0) {
      around.pop();
      inText = true;
    } else if (inner !== undefined && mark === inner.opens) inner.open += 1;
    else if (inner !== undefined && mark === inner.ends) inner.open -= 1;
    else if (mark === mixed?.quote) inText = true;
    push('mark', mark, 1);
  }

  /** The texts that the line before announced. */
  function takeAnnounced(): boolean {
    for (const name of announced.splice(0)) {
      const end = new RegExp(`\\n\\t*${name.replaceAll('.', '\\.')}(?=\\n|$)`, 'g');
      end.lastIndex = at - 1;
      const found = end.exec(code);
      if (found === null) return false;
      push('text', code.slice(at, found.index), found.index + found[0].length - at);
    }
    return true;
  }

  while (at < code.length) {
    if (mixed !== undefined && inText) {
      readText(mixed);
      continue;
    }
    const blank = match(lexicon.blank);
    if (blank !== null && blank[0] !== '') {
      take(blank[0].length);
      continue;
    }
    if (code[at] === '\n') {
      push('newline', '\n', 1);
      if (!takeAnnounced()) return { unreadable: ENDLESS, line };
      continue;
    }
    const announces = announce === undefined ? null : match(announce);
    if (announces !== null) {
      announced.push(announces.at(-1) ?? '');
      push('mark', '<<', announces[0].length);
      continue;
    }
    const text = textAt(lexicon, match, tokens.at(-1));
    if (text !== undefined) {
      push('text', text[1] ?? text[0], text[0].length);
      continue;
    }
    if (match(lexicon.open) !== null) return { unreadable: ENDLESS, line };
    const word = match(lexicon.word);
    if (word === null) readMark();
    else push('word', word[0], word[0].length);
  }
  return inText || around.length > 0 ? { unreadable: ENDLESS, line } : tokens;
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
