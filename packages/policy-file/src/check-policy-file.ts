import { matchesPattern, type RulePolicy } from '@guardstile/policy';

import { compileFile } from './compile-file.ts';
import { contradictionsIn } from './contradictions.ts';
import type { PolicyFileIssue } from './file-issue.ts';
import { isRecord } from './json-schema-of.ts';
import type { LoadOptions } from './load-policy.ts';
import { allowedAnyway, neverDecides } from './never-decides.ts';
import { type PolicySource, readSource } from './policy-source.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { fillReferences, referencesIn } from './references.ts';
import { type PolicyTestResult, runTests } from './run-tests.ts';
import { toolCatalog, type ToolCatalog } from './tool-catalog.ts';

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
  'rules that match no tool',
  'patterns that can never decide',
  'conditions that contradict a tool\u2019s schema',
];

/** Looks at a policy file for everything that can be wrong with it, and runs its tests. */
export async function checkPolicyFile(
  source: PolicySource,
  options: CheckOptions = {},
): Promise<PolicyFileReport> {
  const { tools, ...given } = options;
  const file = readSource(source);
  const catalog = tools === undefined ? undefined : await toolCatalog(tools);
  const compiled = compileFile(file, {
    ...given,
    env: given.env ?? process.env,
    examples: true,
    ...(catalog === undefined ? {} : { tools: [...catalog.keys()] }),
  });
  const rules = Array.isArray(file.document.rules) ? file.document.rules.length : 0;
  const base = { file: file.name, files: file.files, rules, skipped: skipped(catalog) };
  if (!compiled.ok) return { ...base, errors: compiled.issues, warnings: [], tests: [] };
  return {
    ...base,
    errors: [],
    warnings: [...ruleWarnings(file, compiled.policy, catalog), ...unused(file)],
    tests: await runTests(file, compiled.policy),
  };
}

function skipped(catalog: ToolCatalog | undefined): readonly string[] {
  if (catalog === undefined) return NEEDS_TOOLS;
  return [...catalog].flatMap(([name, schema]) =>
    schema === undefined ? [`conditions on ${name}, which does not say what it takes`] : [],
  );
}

function ruleWarnings(
  file: ReadPolicyFile,
  policy: RulePolicy,
  catalog: ToolCatalog | undefined,
): readonly PolicyFileIssue[] {
  // Rules of users and agents are read, and not looked at beyond that.
  const examples = Object.fromEntries(
    Object.entries(file.document.sets ?? {}).map(([name, set]) => [
      name,
      'given' in set ? (set.example ?? []) : set,
    ]),
  );
  const filled = fillReferences(
    file.document.rules ?? [],
    { sets: examples, env: {} },
    () => undefined,
  );
  const selects = (file.document.users ?? file.document.agents ?? []).length > 0;
  const rules: readonly unknown[] = Array.isArray(filled) ? filled : [];
  return rules.flatMap((rule, i) => {
    if (!isRecord(rule)) return [];
    const names = toolsOf(rule['tool'], catalog);
    const never = selects
      ? undefined
      : (neverDecides(rule, names, policy, file.document.facts ?? {}) ??
        allowedAnyway(rules, i, names));
    return [
      ...(never === undefined ? [] : [file.issueAt(['rules', i, 'id'], never)]),
      ...contradictions(file, rule, i, names, catalog),
    ];
  });
}

/** The names of the tools that a rule is about, as far as they are known. */
function toolsOf(tool: unknown, catalog: ToolCatalog | undefined): readonly string[] {
  const patterns = (Array.isArray(tool) ? tool : [tool]).map(String);
  return patterns.flatMap((pattern) => {
    if (!pattern.includes('*')) return [pattern];
    return [...(catalog?.keys() ?? [])].filter((name) => matchesPattern(name, pattern));
  });
}

function contradictions(
  file: ReadPolicyFile,
  rule: Readonly<Record<string, unknown>>,
  i: number,
  names: readonly string[],
  catalog: ToolCatalog | undefined,
): readonly PolicyFileIssue[] {
  const source = rule['source'];
  const own = source === undefined || source === 'app';
  const known = own ? names.filter((name) => catalog?.get(name) !== undefined) : [];
  const each = (known.length === 0 ? [undefined] : known).map((name) => ({
    name,
    found: contradictionsIn(rule['where'], name === undefined ? undefined : catalog?.get(name)),
  }));
  // A pattern may well be about fields that some of its tools have and others have not.
  if (each.some(({ found }) => found.length === 0) && isPattern(rule['tool'])) return [];
  return each.flatMap(({ name, found }) =>
    found.map(({ path, message }) =>
      file.issueAt(
        ['rules', i, 'where', ...path],
        name === undefined ? message : `${name}: ${message}`,
      ),
    ),
  );
}

function isPattern(tool: unknown): boolean {
  return (Array.isArray(tool) ? tool : [tool]).some((one) => String(one).includes('*'));
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
