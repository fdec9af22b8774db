import { type CallContext, GuardError, perAgent, perUser } from '@guardstile/core';
import {
  checkPolicy,
  compilePolicy,
  type CompileOptions,
  type PolicyDocument,
  type PolicyIssue,
  type RulePolicy,
  suggest,
} from '@guardstile/policy';

import { type Body, bodiesOf, filledBody, ownBody } from './file-bodies.ts';
import type { PolicyFileIssue } from './file-issue.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { partAt } from './part-at.ts';
import { referencesIn } from './references.ts';
import { type ValueOptions, type Values, valuesOf } from './values.ts';
import { type StatedFacts, withFacts } from './with-facts.ts';
import { withValues } from './with-values.ts';

export interface CompileFileOptions extends ValueOptions {
  readonly tools?: readonly string[] | undefined;
  readonly report?: CompileOptions['report'];
}

/** A policy file as a policy, or what is wrong with it. */
export type CompiledFile =
  | { readonly ok: true; readonly policy: RulePolicy }
  | { readonly ok: false; readonly issues: readonly PolicyFileIssue[] };

/** Compiles a file that was read. */
export function compileFile(file: ReadPolicyFile, options: CompileFileOptions): CompiledFile {
  const issues = [...file.issues];
  if (issues.length > 0) return { ok: false, issues };
  const { document } = file;
  const values = valuesOf(file, options, issues);
  checkSelectors(file, issues);
  if (options.tools !== undefined) checkNames(file, options.tools, issues);
  for (const body of bodiesOf(document)) {
    checkBody(file, body, values.example, options.tools, issues);
  }
  if (issues.length > 0) return { ok: false, issues };

  const name = document.name ?? file.name;
  const facts: StatedFacts = document.facts ?? {};
  const compiled = (body: Body): RulePolicy =>
    withFacts(
      withValues(values, (filled) =>
        compilePolicy(filledBody(body, filled, refuse), {
          name,
          emptyLists: true,
          ...(options.report === undefined ? {} : { report: options.report }),
        }),
      ),
      facts,
    );
  const chosen = (policy: object): RulePolicy => compiled({ document: policy, path: [] });
  return { ok: true, policy: selecting(compiled(ownBody(document)), document, chosen) };
}

/** What an application gives for one caller, and cannot be used. */
function refuse(_: unknown, message: string): never {
  throw new GuardError('policy_error', message);
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
  for (const [i, { call, source = 'app', unknown = false }] of (document.tests ?? []).entries()) {
    if (source !== 'app' || known.has(call) !== unknown) continue;
    const message = unknown
      ? `"${call}" is one of the tools; leave unknown out`
      : `${none(call)}; a test of a tool that there is not says unknown: true`;
    issues.push(issueAt(['tests', i, 'call'], message));
  }
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

/** The policies of users or agents in the place of the file's own. */
function selecting(
  own: RulePolicy,
  { users = [], agents = [] }: ReadPolicyFile['document'],
  compiled: (body: object) => RulePolicy,
): RulePolicy {
  if (users.length === 0 && agents.length === 0) return own;
  const everybody = { default: own };
  const byUser = perUser(everybody);
  const byAgent = perAgent(everybody);
  const policies = new Map<string, RulePolicy>();
  const keep = (id: string, tenant: string | undefined, body: object): RulePolicy => {
    const policy = compiled(body);
    policies.set(JSON.stringify([tenant, id]), policy);
    return policy;
  };
  for (const { id, tenant, policy } of users) {
    byUser.set(tenant === undefined ? id : { id, tenant }, keep(id, tenant, policy));
  }
  for (const { id, policy } of agents) byAgent.set(id, keep(id, undefined, policy));
  const { digest, resolve } = users.length > 0 ? byUser : byAgent;
  const all = [own, ...policies.values()];
  const policyIn = ({ principal, agent }: CallContext = {}): RulePolicy => {
    const key = users.length > 0 ? [principal?.tenant, principal?.id] : [undefined, agent];
    return policies.get(JSON.stringify(key)) ?? own;
  };
  return {
    ...own,
    rules: [...new Set(all.flatMap(({ rules }) => rules))],
    opaque: [...new Set(all.flatMap(({ opaque }) => opaque))],
    digest,
    needs: (users.length > 0 ? byUser : byAgent).needs ?? {},
    resolve,
    explain: (call) => policyIn(call.context).explain(call),
    checkCapability: (name, resource, context) =>
      policyIn(context).checkCapability(name, resource, context),
  };
}
