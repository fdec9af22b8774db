import type { Language } from './language.ts';
import type { Token } from './tokens.ts';

/** A module that code imports, and where. */
export interface Import {
  readonly name: string;
  readonly line: number;
}

/** What code imports, as far as its text shows. */
export function importsIn(tokens: readonly Token[], language: Language): readonly Import[] {
  if (language === 'shell') return [];
  return tokens.flatMap((token, i) => {
    if (token.kind !== 'word' || tokens[i - 1]?.text === '.') return [];
    return language === 'python' ? pythonImport(tokens, i) : javascriptImport(tokens, i);
  });
}

/** `import 'm'`, `import x from 'm'`, `export … from 'm'`, `import('m')` and `require('m')`. */
function javascriptImport(tokens: readonly Token[], i: number): readonly Import[] {
  const token = tokens[i];
  const next = tokens[i + 1];
  const isImport = token?.text === 'import' && next?.text !== '.';
  if (token === undefined || !(isImport || token.text === 'from' || token.text === 'require'))
    return [];
  if (next?.kind === 'text') return [{ name: next.text, line: token.line }];
  if (next?.text !== '(' || token.text === 'from') return [];
  const argument = tokens[i + 2];
  return [{ name: argument?.kind === 'text' ? argument.text : '(computed)', line: token.line }];
}

/** `import a.b as c, d` and `from a.b import c`, by the first part of the name. */
function pythonImport(tokens: readonly Token[], i: number): readonly Import[] {
  const token = tokens[i];
  const before = tokens[i - 1];
  const starts =
    before === undefined || before.kind === 'newline' || before.text === ';' || before.text === ':';
  if (token === undefined || !starts) return [];
  if (token.text === 'from') return [{ name: named(tokens[i + 1]), line: token.line }];
  if (token.text !== 'import') return [];
  const names: Import[] = [{ name: named(tokens[i + 1]), line: token.line }];
  for (let at = i + 1; at < tokens.length; at += 1) {
    const { kind, text } = tokens[at] as Token; // within bounds
    if (kind === 'newline' || text === ';') break;
    if (text === ',') names.push({ name: named(tokens[at + 1]), line: token.line });
  }
  return names;
}

function named(token: Token | undefined): string {
  return token?.kind === 'word' ? token.text : '(relative)';
}
