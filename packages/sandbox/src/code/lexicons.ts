import type { Language } from './language.ts';
import type { Lexicon } from './tokens.ts';

/** After these a `/` begins a regular expression. */
const BEFORE_REGEX =
  /^(?:return|typeof|case|in|of|do|else|void|delete|throw|new|instanceof|await|yield|[^\w$)\]}])$/;

const WORD = /[\p{ID_Start}_$][\p{ID_Continue}$\u200c\u200d]*|\d[\w.]*/uy;

// A template is read as code: what stands in `${}` runs. Its quotes are marks.
const JAVASCRIPT: Lexicon = {
  blank: /(?:[^\S\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y,
  texts: [
    /'((?:[^'\\\n]|\\[\s\S])*)'/y,
    /"((?:[^"\\\n]|\\[\s\S])*)"/y,
    /\/((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/[a-z]*/y,
  ],
  open: /['"]|\/\*/y,
  word: WORD,
  mayBegin: (text, last) =>
    !text.startsWith('/') ||
    last === undefined ||
    last.kind === 'newline' ||
    (last.kind !== 'text' && BEFORE_REGEX.test(last.text)),
};

const PYTHON: Lexicon = {
  blank: /(?:[^\S\n]+|#[^\n]*|\\\n)+/y,
  texts: [
    /[bBrRuUfF]{0,2}'''((?:[^\\]|\\[\s\S])*?)'''/y,
    /[bBrRuUfF]{0,2}"""((?:[^\\]|\\[\s\S])*?)"""/y,
    /[bBrRuUfF]{0,2}'((?:[^'\\\n]|\\[\s\S])*)'/y,
    /[bBrRuUfF]{0,2}"((?:[^"\\\n]|\\[\s\S])*)"/y,
  ],
  open: /['"]/y,
  word: WORD,
};

// In double quotes and back quotes commands run, so that only single quotes hide what is no code.
const SHELL: Lexicon = {
  blank: /(?:[^\S\n]+|\\\n|(?<=^|[\s;&|(])#[^\n]*)+/y,
  texts: [/'([^']*)'/y],
  open: /'/y,
  word: /[\w./:@%+,~-]+/y,
};

export const LEXICONS: Readonly<Record<Language, Lexicon>> = {
  javascript: JAVASCRIPT,
  python: PYTHON,
  shell: SHELL,
};
