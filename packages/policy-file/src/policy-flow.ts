import { ownOptions, type ToolInfo } from '@guardstile/core';
import { flowReport, type FlowReport } from '@guardstile/data-flow';
import type { PolicyDocument, RulePolicy } from '@guardstile/policy';

import { type CompiledBody, compileFile } from './compile-file.ts';
import { filledBody } from './file-bodies.ts';
import { fileInvalid } from './file-issue.ts';
import type { CheckOptions } from './check-policy-file.ts';
import type { FileDocument } from './policy-file-document.ts';
import { type PolicySource, readSource } from './policy-source.ts';
import { toolNamed } from './seen-flow.ts';
import { toolCatalog } from './tool-catalog.ts';
import { type Values, valuesOf } from './values.ts';

/** What the tools of one agent can do with data. */
export interface AgentFlow {
  /** Whose policy it is, such as `user ann`; absent for that of everybody else. */
  readonly of?: string;
  readonly report: FlowReport;
}

/**
 * Says of each policy in a file which tools are sources and which are sinks, and what that comes to,
 * by what the file states of them. Tools that never run are left out.
 *
 * @throws {GuardError} `policy_invalid` for a file that cannot be loaded.
 */
export async function policyFlow(
  source: PolicySource,
  options: CheckOptions = {},
): Promise<readonly AgentFlow[]> {
  const known = ['sets', 'env', 'tools'] as const;
  const { tools, ...own } = ownOptions('policyFlow', options, known, 'options_invalid');
  const names = tools === undefined ? undefined : [...(await toolCatalog(tools)).keys()];
  const file = readSource(source);
  const given = { ...own, env: own.env ?? process.env, examples: true };
  const compiled = compileFile(file, { ...given, tools: names });
  if (!compiled.ok) throw fileInvalid(compiled.issues);
  const values = valuesOf(file, given, []).example;
  return compiled.bodies.map((body) => flowOf(file.document, body, values, names ?? []));
}

function flowOf(
  document: FileDocument,
  { body, policy }: CompiledBody,
  values: Values,
  tools: readonly string[],
): AgentFlow {
  const filled = filledBody(body, values);
  const names = new Set([...tools, ...Object.keys(document.facts ?? {}), ...namesIn(filled)]);
  const stated = filled.flow?.tools ?? {};
  const mayRun = [...names].flatMap((name) => {
    const tool = toolOf(name, document);
    if (neverRuns(policy, tool)) return [];
    const flow = Object.hasOwn(stated, name) ? stated[name] : undefined;
    return [{ name, facts: tool.facts, flow: flow ?? {} }];
  });
  const whose = whoseIs(document, body.document);
  const report = flowReport(mayRun, filled.flow?.rules);
  return { ...(whose === undefined ? {} : { of: whose }), report };
}

/** The tools that a policy names, those of other sources as `source/name`. */
function namesIn({ flow, allow = [], rules = [] }: PolicyDocument): readonly string[] {
  const ruled = rules.flatMap(({ tool, source = 'app' }) =>
    [tool].flat().map((name) => (source === 'app' ? name : `${source}/${name}`)),
  );
  return [...Object.keys(flow?.tools ?? {}), ...allow, ...ruled].filter(
    (name) => !name.includes('*'),
  );
}

function toolOf(name: string, { facts }: FileDocument): ToolInfo {
  const slash = name.lastIndexOf('/');
  return slash === -1
    ? toolNamed(name, 'app', facts)
    : toolNamed(name.slice(slash + 1), name.slice(0, slash), facts);
}

function neverRuns(policy: RulePolicy, tool: ToolInfo): boolean {
  const ruling = policy.resolve(tool);
  return typeof ruling === 'object' && ruling.effect === 'deny';
}

function whoseIs({ users = [], agents = [] }: FileDocument, body: object): string | undefined {
  const user = users.find(({ policy }) => policy === body);
  if (user !== undefined) {
    return user.tenant === undefined ? `user ${user.id}` : `user ${user.id} of ${user.tenant}`;
  }
  const agent = agents.find(({ policy }) => policy === body);
  return agent === undefined ? undefined : `agent ${agent.id}`;
}
