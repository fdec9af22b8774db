import { type CallContext, GuardError, perAgent, perUser } from '@guardstile/core';
import { compilePolicy, type CompileOptions, type RulePolicy } from '@guardstile/policy';

import { checkDocument } from './check-document.ts';
import { type Body, filledBody, ownBody } from './file-bodies.ts';
import type { PolicyFileIssue } from './file-issue.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { type ValueOptions, valuesOf } from './values.ts';
import { type StatedFacts, withFacts } from './with-facts.ts';
import { withValues } from './with-values.ts';

export interface CompileFileOptions extends ValueOptions {
  readonly tools?: readonly string[] | undefined;
  readonly report?: CompileOptions['report'];
}

/** A policy file as a policy, or what is wrong with it. */
export type CompiledFile =
  | {
      readonly ok: true;
      readonly policy: RulePolicy;
      /** What it chooses from, the file's own first. */
      readonly bodies: readonly CompiledBody[];
    }
  | { readonly ok: false; readonly issues: readonly PolicyFileIssue[] };

export interface CompiledBody {
  readonly body: Body;
  readonly policy: RulePolicy;
}

/** Compiles a file that was read. */
export function compileFile(file: ReadPolicyFile, options: CompileFileOptions): CompiledFile {
  const issues = [...file.issues];
  if (issues.length > 0) return { ok: false, issues };
  const { document } = file;
  const values = valuesOf(file, options, issues);
  checkDocument(file, values.example, options.tools, issues);
  if (issues.length > 0) return { ok: false, issues };

  const name = document.name ?? file.name;
  const facts: StatedFacts = document.facts ?? {};
  const bodies: CompiledBody[] = [];
  const compiled = (body: Body): RulePolicy => {
    const policy = withFacts(
      withValues(values, (filled) =>
        compilePolicy(filledBody(body, filled, refuse), {
          name,
          emptyLists: true,
          ...(options.report === undefined ? {} : { report: options.report }),
        }),
      ),
      facts,
    );
    bodies.push({ body, policy });
    return policy;
  };
  const chosen = (policy: object): RulePolicy => compiled({ document: policy, path: [] });
  const policy = selecting(compiled(ownBody(document)), document, chosen);
  return { ok: true, policy, bodies };
}

/** What an application gives for one caller, and cannot be used. */
function refuse(_: unknown, message: string): never {
  throw new GuardError('policy_error', message);
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
    labelsOf: (tool, context) => policyIn(context).labelsOf(tool, context),
  };
}
