import type { Fields } from './describe-change.ts';
import { isRecord } from './json-schema-of.ts';
import { classOf } from '@guardstile/data-flow';

/** The tool that a label is of, and the flow around it, before and after. */
export interface LabelsOf {
  readonly flows: readonly [before: Fields, after: Fields];
  readonly tools: readonly [before: Fields, after: Fields];
}

/**
 * Whether anything may run once a label is another one. A label that is not there leaves a field to
 * one of a wider path, or to what is said of all of the result.
 */
export function labelWidens(was: unknown, is: unknown, { flows, tools }: LabelsOf): boolean {
  const [before] = flows;
  const [old, now] = tools.map(({ labels }) => textsIn(labels)) as [Texts, Texts]; // both of them
  // A rule may be about content that is not trusted, or accept it: then to trust less can be to allow more.
  if (textsIn(before['rules'], 'from').some((from) => classOf(from) !== 'secret')) return true;
  if (flows.flatMap(acceptedIn).some((from) => classOf(from) === 'untrusted')) return true;
  if (is === undefined) {
    return !isTrusted(was) || now.some(isTrusted);
  }
  if (typeof is !== 'string' || isTrusted(is)) return true;
  if (typeof was === 'string') return classOf(was) === 'secret';
  return old.some((label) => classOf(label) === 'secret' && label !== is);
}

type Texts = readonly string[];

/** Labels, or what else may stand for one. */
function textsIn(part: unknown, field?: string): Texts {
  const values: readonly unknown[] =
    typeof part === 'object' && part !== null ? Object.values(part) : [];
  const texts = field === undefined ? values : values.map((one) => isRecord(one) && one[field]);
  return texts.map((text) => (typeof text === 'string' ? text : 'trusted'));
}

function acceptedIn({ tools }: Fields): Texts {
  const rules = valuesOf(tools).flatMap((tool) =>
    valuesOf(isRecord(tool) ? tool['args'] : undefined),
  );
  return rules.flatMap((rule) => textsIn(isRecord(rule) ? rule['from'] : undefined));
}

function valuesOf(record: unknown): readonly unknown[] {
  return isRecord(record) ? Object.values(record) : [];
}

function isTrusted(label: unknown): boolean {
  return (
    typeof label !== 'string' || ['trusted', 'trusted-text'].includes(classOf(label) ?? 'trusted')
  );
}
