import { checkPolicy, type PolicyDocument, type PolicyIssue, suggest } from '@guardstile/policy';

import { type Body, bodiesOf, filledBody } from './file-bodies.ts';
import type { PolicyFileIssue } from './file-issue.ts';
import { partAt } from './part-at.ts';
import type { FileDocument, PolicyTest } from './policy-file-document.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { referencesIn } from './references.ts';
import type { Values } from './values.ts';

/** Finds what is wrong with a file that was read, and where. */
export function checkDocument(
  file: ReadPolicyFile,
  values: Values,
  tools: readonly string[] | undefined,
  issues: PolicyFileIssue[],
): void {
  checkSelectors(file, issues);
  if (tools !== undefined) checkNames(file, tools, issues);
  for (const body of bodiesOf(file.document)) checkBody(file, body, values, tools, issues);
}

/** A misspelt name in tests and facts is about nothing. */
function checkNames(
  { document, issueAt }: ReadPolicyFile,
  tools: readonly string[],
  issues: PolicyFileIssue[],
): void {
  const known = new Set(tools);
  const none = (name: string): string =>
    `"${name}" is none of the tools${suggest(name, tools.length > MOST_NAMES ? [] : tools)}`;
  for (const name of Object.keys(document.facts ?? {})) {
    if (!known.has(name)) issues.push(issueAt(['facts', name], none(name)));
  }
  for (const [i, { call, source = 'app', unknown = false, seen = [] }] of testsOf(document)) {
    for (const [j, one] of seen.entries()) {
      if ('prompt' in one || (one.source ?? 'app') !== 'app' || known.has(one.tool)) continue;
      issues.push(issueAt(['tests', i, 'seen', j, 'tool'], none(one.tool)));
    }
    if (source !== 'app' || known.has(call) !== unknown) continue;
    const message = unknown
      ? `"${call}" is one of the tools; leave unknown out`
      : `${none(call)}; a test of a tool that there is not says unknown: true`;
    issues.push(issueAt(['tests', i, 'call'], message));
  }
}

function testsOf({ tests = [] }: FileDocument): ReadonlyArray<readonly [number, PolicyTest]> {
  return [...tests.entries()];
}

/** Among how many names one is looked for: the time it takes grows with both. */
const MOST_NAMES = 500;

function checkBody(
  file: ReadPolicyFile,
  body: Body,
  values: Values,
  tools: readonly string[] | undefined,
  issues: PolicyFileIssue[],
): void {
  let complete = true;
  const filled = filledBody(body, values, (path, message) => {
    complete = false;
    issues.push(file.issueAt(path, message));
  });
  if (!complete) return;
  const wrong = writtenWrong(filled, body.document, values);
  const found = wrong.length > 0 || tools === undefined ? wrong : namesOfNone(filled, tools);
  for (const { path, message } of found)
    issues.push(file.issueAt([...body.path, ...path], message));
}

/** What is wrong, but for sets of the application that have no members: a list that somebody wrote has some. */
function writtenWrong(
  filled: PolicyDocument,
  written: object,
  { given }: Values,
): readonly PolicyIssue[] {
  const issues = checkPolicy(filled);
  if (issues.length === 0) return issues;
  const always = new Set(
    checkPolicy(filled, { emptyLists: true }).map((issue) => JSON.stringify(issue)),
  );
  const isGiven = (part: unknown): boolean =>
    [...given].some((name) => referencesIn(part).has(`$set ${name}`));
  return issues.filter(
    (issue) => always.has(JSON.stringify(issue)) || !isGiven(partAt(written, issue.path)),
  );
}

/** What names no tool. Those of other sources are not among the application's own. */
function namesOfNone(document: PolicyDocument, tools: readonly string[]): readonly PolicyIssue[] {
  const { rules = [] } = document; // it has no other issues
  return checkPolicy(document, { tools, emptyLists: true }).filter(({ path: [part, i] }) => {
    const source = part === 'rules' && typeof i === 'number' ? rules[i]?.source : undefined;
    return source === undefined || source === 'app';
  });
}

function checkSelectors({ document, issueAt }: ReadPolicyFile, issues: PolicyFileIssue[]): void {
  const { users = [], agents = [], layer } = document;
  const by = users.length > 0 ? 'users' : agents.length > 0 ? 'agents' : undefined;
  if (by === undefined) return;
  if (users.length > 0 && agents.length > 0) {
    issues.push(
      issueAt(['agents'], 'one file chooses by users or by agents; combine two with layers()'),
    );
  }
  if (layer === 'restricts') {
    issues.push(issueAt(['layer'], `a layer that restricts cannot be chosen by ${by}`));
  }
  const taken = new Set<string>();
  for (const [i, one] of (users.length > 0 ? users : agents).entries()) {
    const key = JSON.stringify(['tenant' in one ? one.tenant : undefined, one.id]);
    if (taken.has(key)) {
      issues.push(issueAt([by, i, 'id'], `"${one.id}" has a policy already`));
    }
    taken.add(key);
    const own = one.policy.layer;
    if (own === 'restricts') {
      issues.push(issueAt([by, i, 'policy', 'layer'], 'a chosen policy has to grant'));
    }
  }
}
