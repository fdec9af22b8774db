import type { Language } from './language.ts';
import type { Lexicon } from './tokens.ts';

/** After these a `/` begins a regular expression. */
const BEFORE_REGEX =
  /^(?:return|typeof|case|in|of|do|else|void|delete|throw|new|instanceof|await|yield|[^\w$)\]}])$/;

const WORD = /[\p{ID_Start}_$][\p{ID_Continue}$\u200c\u200d]*|\d[\w.]*/uy;

// A regular expression is looked for a little way only: at every slash it might begin anew.
const JAVASCRIPT: Lexicon = {
  blank: /(?:[^\S\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y,
  texts: [
    /'((?:[^'\\\n]|\\[\s\S])*)'/y,
    /"((?:[^"\\\n]|\\[\s\S])*)"/y,
    /\/(?!\*)((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.){0,500}\]){1,1000})\/[a-z]*/y,
  ],
  open: /['"]|\/\*/y,
  word: WORD,
  mixed: { quote: '`', plain: /(?:[^`\\$]|\\[\s\S]|\$(?!\{)){1,1000}/y, code: [['${', '{', '}']] },
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

const SHELL: Lexicon = {
  blank: /(?:[^\S\n]+|\\\n|(?<=^|[\s;&|(])#[^\n]*)+/y,
  texts: [/'([^']*)'/y],
  open: /'/y,
  word: /(?:[\w./:@%+,~-]|\\[^\n])+/y,
  mixed: {
    quote: '"',
    plain: /(?:[^"\\$`]|\\[\s\S]|\$(?!\()){1,1000}/y,
    code: [
      ['$(', '(', ')'],
      ['`', '', '`'],
    ],
  },
  announce: /<<-?(?!<)[^\S\n]*(['"]?)([A-Za-z_][\w.]*)\1/y,
};

export const LEXICONS: Readonly<Record<Language, Lexicon>> = {
  javascript: JAVASCRIPT,
  python: PYTHON,
  shell: SHELL,
};
