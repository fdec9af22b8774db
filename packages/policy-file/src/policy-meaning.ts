import { canonical } from '@guardstile/core';
import { matchesPattern } from '@guardstile/policy';

import { isRecord } from './json-schema-of.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { fillReferences } from './references.ts';
import { type Values, valuesOf } from './values.ts';

/** A policy document with its references filled in, to be compared with another one. */
export type PolicyMeaning = Readonly<Record<string, unknown>>;

/** What a file means. A set that the application gives stays a name. */
export function policyMeaning(
  file: ReadPolicyFile,
  env: Readonly<Record<string, string | undefined>>,
): PolicyMeaning {
  const { sets = {}, ...document } = file.document;
  const values = valuesOf(file, { env, examples: true }, []).example;
  const named = Object.entries(sets).map(([name, set]) => [
    name,
    'given' in set ? [{ given: name }] : set,
  ]);
  return fillReferences(
    document,
    { ...values, sets: Object.fromEntries(named) as Values['sets'] }, // only compared
    () => undefined,
  ) as PolicyMeaning; // a document again
}

/** What does not decide, or is looked at by tool. */
const BY_TOOL: readonly string[] = ['rules', 'allow', 'deny', 'optional', 'facts'];
const SILENT: readonly string[] = ['version', 'name', 'include', 'env', 'tests', 'revision'];

/** As much of a meaning as can decide about one tool: the same text, the same verdicts. */
export function meaningFor(meaning: PolicyMeaning, tool: string): string {
  const rest = Object.entries(meaning).filter(
    ([key, value]) => value !== undefined && !BY_TOOL.includes(key) && !SILENT.includes(key),
  );
  const { rules, allow, deny, optional, facts } = meaning;
  return canonical({
    rest: Object.fromEntries(rest),
    rules: listOf(rules).filter((rule) => isRecord(rule) && about(rule['tool'], tool) !== false),
    allow: allow === undefined ? null : about(allow, tool),
    deny: about(deny, tool),
    optional: about(optional, tool),
    facts: isRecord(facts) && Object.hasOwn(facts, tool) ? facts[tool] : null,
  });
}

/** Whether a list is about a tool, or the sets on which that depends. */
function about(patterns: unknown, tool: string): boolean | readonly unknown[] {
  const names = listOf(patterns);
  if (names.some((name) => typeof name === 'string' && matchesPattern(tool, name))) return true;
  const given = names.filter(isRecord);
  return given.length > 0 && given;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
