import { Document, isMap, isSeq, visit } from 'yaml';

import type { LearnedTool } from './learned-rule.ts';
import type { Facts } from './recorded-decider.ts';

/**
 * What was learned as YAML. Whatever comes from a log is written by the library, which quotes it, or
 * into a comment as one line that hides nothing.
 */
export function formatLearned(
  tools: readonly LearnedTool[],
  facts: Facts,
  about: readonly string[],
): string {
  const rules = tools.flatMap((one) => (one.kind === 'rule' ? [one] : []));
  const leftOut = tools.flatMap((one) => (one.kind === 'left-out' ? [one.comment] : []));
  const document = new Document(
    {
      version: 1,
      ...(Object.keys(facts).length === 0 ? {} : { facts }),
      rules: rules.map(({ rule }) => rule),
    },
    { aliasDuplicateObjects: false, version: '1.2', schema: 'core' },
  );
  const { contents } = document;
  const list: unknown = isMap(contents) ? contents.get('rules', true) : undefined;
  if (isSeq(list)) {
    for (const [i, { comments }] of rules.entries()) {
      const rule: unknown = list.items[i];
      if (isMap(rule)) rule.commentBefore = commentOf(comments);
    }
  }
  document.commentBefore = commentOf([
    'Learned from recorded calls: a proposal. Review every rule before it is used.',
    ...about,
    ...(leftOut.length === 0 ? [] : ['Left out, so denied:', ...leftOut.map((one) => `- ${one}`)]),
  ]);
  quoteHidden(document);
  const text = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true });
  return text.replaceAll(HIDDEN, escaped);
}

/** What people do not see, or see elsewhere; the line feeds of the file itself are none of it. */
const HIDDEN =
  /(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Only double quotes know escapes. */
function quoteHidden(document: Document): void {
  visit(document, {
    Scalar(_, scalar) {
      const { value } = scalar;
      const plain = typeof value !== 'string' || value.search(HIDDEN) < 0;
      if (!plain) scalar.type = 'QUOTE_DOUBLE';
    },
  });
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code > 0xffff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
}

/** Lines that were made visible already; whatever could still end one does not. */
function commentOf(lines: readonly string[]): string {
  return lines.map((line) => ` ${line.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')}`).join('\n');
}
