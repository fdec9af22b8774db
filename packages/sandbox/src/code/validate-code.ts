import { GuardError, ownOptions, visible } from '@guardstile/core';
import { importsIn } from './imports-in.ts';
import { type Language, LANGUAGES } from './language.ts';
import { LEXICONS } from './lexicons.ts';
import { type Token, tokensOf } from './tokens.ts';

/** What code may contain. */
export interface CodeRules {
  /** Functions or commands that may not be called. @default what runs text as code, and in Python what reaches names by text */
  readonly forbiddenCalls?: readonly string[];
  /** The only modules that may be imported; `[]` permits none. @default ten of Python's standard library, none for JavaScript */
  readonly allowedImports?: readonly string[];
  /** Longest code, in characters. @default 100_000 */
  readonly maxLength?: number;
}

export interface ValidateCodeOptions extends CodeRules {
  readonly language: Language;
}

/** Why code is refused, and where. */
export interface CodeProblem {
  readonly line: number;
  readonly message: string;
}

export type CodeValidation =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly problems: readonly CodeProblem[] };

const FORBIDDEN_CALLS: Readonly<Record<Language, readonly string[]>> = {
  javascript: ['eval', 'Function', 'require', 'importScripts'],
  python: [
    'eval',
    'exec',
    'compile',
    '__import__',
    'globals',
    'locals',
    'getattr',
    'setattr',
    'delattr',
  ],
  shell: ['eval', 'exec', 'source'],
};

const ALLOWED_IMPORTS: Readonly<Record<Language, readonly string[]>> = {
  javascript: [],
  python: [
    'math',
    'json',
    'datetime',
    're',
    'collections',
    'itertools',
    'functools',
    'statistics',
    'random',
    'string',
  ],
  shell: [],
};

/** Names through which Python code reaches what it was not given. */
const PYTHON_BACKDOORS: ReadonlySet<string> = new Set([
  '__builtins__',
  '__subclasses__',
  '__globals__',
  '__bases__',
  '__mro__',
  '__code__',
  '__loader__',
  '__dict__',
  '__getattribute__',
]);

/** Characters that make code look like other code than it is: those that control, and that turn the writing. */
const MISLEADING = /(?![\t\n\r\f\v])\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * Looks for what code may not contain, so that a refusal says what is wrong before anything runs. It
 * reads text and can be tricked: what stops code is the sandbox that runs it.
 *
 * @throws {GuardError} `options_invalid`
 */
export function validateCode(code: string, given: ValidateCodeOptions): CodeValidation {
  const options = ownOptions(
    'validateCode',
    given,
    ['language', 'forbiddenCalls', 'allowedImports', 'maxLength'],
    'options_invalid',
  );
  const { language, maxLength = 100_000 } = options;
  if (!LANGUAGES.includes(language)) {
    throw new GuardError(
      'options_invalid',
      `validateCode: language has to be one of ${LANGUAGES.join(', ')}`,
    );
  }
  const { forbiddenCalls = FORBIDDEN_CALLS[language], allowedImports = ALLOWED_IMPORTS[language] } =
    options;
  if (typeof code !== 'string') return refused([{ line: 1, message: 'the code is no text' }]);
  if (code.length > maxLength) {
    return refused([{ line: 1, message: `the code is longer than ${maxLength} characters` }]);
  }
  const misleading = MISLEADING.exec(code)?.[0];
  if (misleading !== undefined) {
    return refused([
      {
        line: 1,
        message: `the code contains ${visible(misleading)}, which makes it look like other code`,
      },
    ]);
  }
  const tokens = tokensOf(code, LEXICONS[language]);
  if ('unreadable' in tokens) return refused([{ line: tokens.line, message: tokens.unreadable }]);
  const problems = [
    ...callsOf(tokens, language, forbiddenCalls),
    ...importsIn(tokens, language)
      .filter(({ name }) => !allowedImports.includes(name))
      .map(({ name, line }) => ({
        line,
        message: `forbidden import: ${name} (${allowedImports.length === 0 ? 'no module may be imported' : `allowed: ${allowedImports.join(', ')}`})`,
      })),
    ...(language === 'python' ? backdoorsOf(tokens) : []),
  ];
  return problems.length === 0 ? { ok: true } : refused(problems);
}

function refused(problems: readonly CodeProblem[]): CodeValidation {
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const reason = sorted.map(({ line, message }) => `line ${line}: ${message}`).join('; ');
  return { ok: false, reason, problems: sorted };
}

function callsOf(
  tokens: readonly Token[],
  language: Language,
  forbidden: readonly string[],
): readonly CodeProblem[] {
  return tokens.flatMap(({ kind, text, line }, i) => {
    if (kind !== 'word' || !forbidden.includes(text)) return [];
    const called = language === 'shell' ? startsCommand(tokens[i - 1]) : isCalled(tokens, i);
    return called
      ? [{ line, message: `forbidden call: ${text}${language === 'shell' ? '' : '()'}` }]
      : [];
  });
}

/** A method of that name is something else, and so is a definition. */
function isCalled(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1]?.text;
  return tokens[i + 1]?.text === '(' && before !== '.' && before !== 'def' && before !== 'function';
}

function startsCommand(before: Token | undefined): boolean {
  return (
    before === undefined ||
    before.kind === 'newline' ||
    /^(?:[;&|({`!"]|then|do|else|time)$/.test(before.text)
  );
}

function backdoorsOf(tokens: readonly Token[]): readonly CodeProblem[] {
  return tokens.flatMap(({ kind, text, line }) =>
    kind === 'word' && PYTHON_BACKDOORS.has(text)
      ? [{ line, message: `forbidden name: ${text}` }]
      : [],
  );
}
