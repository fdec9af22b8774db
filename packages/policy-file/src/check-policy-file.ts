import { ownOptions } from '@guardstile/core';
import { policyWarnings } from '@guardstile/policy';

import { compileFile } from './compile-file.ts';
import { bodiesOf, filledBody } from './file-bodies.ts';
import type { PolicyFileIssue } from './file-issue.ts';
import type { LoadOptions } from './load-policy.ts';
import { type PolicySource, readSource } from './policy-source.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { referencesIn } from './references.ts';
import { type PolicyTestResult, runTests } from './run-tests.ts';
import { toolCatalog, type ToolCatalog } from './tool-catalog.ts';
import { type Values, valuesOf } from './values.ts';

export interface CheckOptions extends Omit<LoadOptions, 'tools' | 'report' | 'examples'> {
  /** The tools themselves, or their schemas. @default what depends on them is skipped */
  readonly tools?: unknown;
}

/** What is known of a policy file without running it. */
export interface PolicyFileReport {
  readonly file: string;
  readonly files: readonly string[];
  /** Why it cannot be loaded. */
  readonly errors: readonly PolicyFileIssue[];
  /** What it can be loaded with, and is most likely a mistake. */
  readonly warnings: readonly PolicyFileIssue[];
  readonly tests: readonly PolicyTestResult[];
  /** Checks that were not made, in words. */
  readonly skipped: readonly string[];
  readonly rules: number;
}

const NEEDS_TOOLS = [
  'rules, tests and facts about no tool',
  'patterns that can never decide',
  'conditions that contradict a tool\u2019s schema',
];

/** Looks at a policy file for everything that can be wrong with it, and runs its tests. */
export async function checkPolicyFile(
  source: PolicySource,
  options: CheckOptions = {},
): Promise<PolicyFileReport> {
  const known = ['sets', 'env', 'tools'] as const;
  const { tools, ...given } = ownOptions('checkPolicyFile', options, known, 'options_invalid');
  const file = readSource(source);
  const catalog = tools === undefined ? undefined : await toolCatalog(tools);
  const values = { ...given, env: given.env ?? process.env, examples: true };
  const compiled = compileFile(file, {
    ...values,
    ...(catalog === undefined ? {} : { tools: [...catalog.keys()] }),
  });
  const rules = Array.isArray(file.document.rules) ? file.document.rules.length : 0;
  const base = { file: file.name, files: file.files, rules, skipped: skipped(catalog) };
  if (!compiled.ok) return { ...base, errors: compiled.issues, warnings: [], tests: [] };
  return {
    ...base,
    errors: [],
    warnings: [
      ...policyMistakes(file, valuesOf(file, values, []).example, catalog),
      ...unused(file),
    ],
    tests: await runTests(file, compiled.policy),
  };
}

function skipped(catalog: ToolCatalog | undefined): readonly string[] {
  if (catalog === undefined) return NEEDS_TOOLS;
  return [...catalog].flatMap(([name, schema]) =>
    schema === undefined ? [`conditions on ${name}, which does not say what it takes`] : [],
  );
}

function policyMistakes(
  file: ReadPolicyFile,
  values: Values,
  catalog: ToolCatalog | undefined,
): readonly PolicyFileIssue[] {
  const tools = catalog === undefined ? {} : { tools: Object.fromEntries(catalog) };
  return bodiesOf(file.document).flatMap((body) =>
    policyWarnings(filledBody(body, values), tools).map(({ path, message }) =>
      file.issueAt([...body.path, ...path], message),
    ),
  );
}

/** A set that nothing refers to is most often a rule that was forgotten. */
function unused(file: ReadPolicyFile): readonly PolicyFileIssue[] {
  const used = referencesIn(file.document);
  const { sets = {}, env = {} } = file.document;
  return [
    ...Object.keys(sets)
      .filter((name) => !used.has(`$set ${name}`))
      .map((name) => file.issueAt(['sets', name], `nothing uses the set "${name}"`)),
    ...Object.keys(env)
      .filter((name) => !used.has(`$env ${name}`))
      .map((name) => file.issueAt(['env', name], `nothing uses the variable "${name}"`)),
  ];
}
