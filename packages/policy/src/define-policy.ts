import { GuardError } from '@guardstile/core';

import type { Approve, PolicyDocument, RuleDocument } from './document.ts';
import type { FlowDocument } from './flow/document.ts';
import type { AnyArgs, ArgsOf } from './infer-args.ts';
import type { AttributesSchema } from './rule-context.ts';
import type { AllowRule, PolicyParts, RuleBuilder, ToolRuleBuilder } from './rule-builder.ts';
import { type CompileOptions, compilePolicy, type RulePolicy } from './rule-policy.ts';
import type { PolicyIssue } from './issues.ts';
import { suggest } from './suggest.ts';
import { policyWarnings } from './warnings/policy-warnings.ts';

/** What can be said of a policy in code beside its rules. */
export interface PolicyOptions
  extends PolicyParts, Pick<CompileOptions, 'name' | 'report' | 'attributes'> {
  /** Where these tools come from, such as the name of an MCP server. @default 'app' */
  readonly source?: string;
  /** Told of what is most likely a mistake: rules that decide nothing, conditions that no call can meet. */
  readonly warn?: (warning: PolicyIssue) => void;
}

/** The type of attributes that a schema gives. */
type AttributesOf<Schema> = Schema extends AttributesSchema ? ArgsOf<Schema> : AnyArgs;

/**
 * A policy whose rules know the tools: names, arguments and their values are checked by the compiler.
 *
 * @example
 * const policy = definePolicy(tools, (t) => [
 *   t.refund.allow({ id: 'refunds', where: { currency: { in: ['EUR', 'USD'] } } }),
 *   t.refund.ask({ id: 'refunds.large', where: { amount: { gt: 500 } }, approvers: 'role:finance' }),
 * ]);
 *
 * @throws {GuardError} `policy_invalid` with everything that is wrong with it.
 */
export function definePolicy<
  const Tools extends object,
  Schema extends AttributesSchema | undefined = undefined,
>(
  tools: Tools,
  rules: (t: RuleBuilder<Tools, AttributesOf<Schema>>) => readonly RuleDocument[],
  options: PolicyOptions & { readonly attributes?: Schema } = {},
): RulePolicy {
  const names = namesOf(tools);
  // Own properties only: a polluted prototype must not set a mode.
  const own: PolicyOptions = Object.assign(Object.create(null) as object, options);
  const { name = 'rules', source, report, attributes, warn, ...parts } = own;
  const document: PolicyDocument = {
    ...parts,
    ...withoutAbsent({ flow: flowOf(parts.flow, source) }),
    rules: rules(builderFor(names, source) as RuleBuilder<Tools, AttributesOf<Schema>>), // one field per tool
  };
  const known = withoutAbsent({ report, attributes });
  const policy = compilePolicy(document, { name, tools: knownIn(names, source), ...known });
  if (warn !== undefined) policyWarnings(document, { tools }).forEach((warning) => warn(warning));
  return policy;
}

/** What else somebody may have written is refused where it is read. */
function isRecord<T>(value: T): value is NonNullable<T> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A flow names the tools of another source with it. */
function knownIn(names: readonly string[], source = 'app'): readonly string[] {
  return source === 'app' ? names : [...names, ...names.map((name) => `${source}/${name}`)];
}

/** Its tools are these, wherever they come from. */
function flowOf(
  flow: FlowDocument | undefined,
  source: string | undefined,
): FlowDocument | undefined {
  if (source === undefined || source === 'app' || !isRecord(flow?.tools)) return flow;
  const named = Object.entries(flow?.tools ?? {}).map(
    ([name, tool]) => [name.includes('/') ? name : `${source}/${name}`, tool] as const,
  );
  return { ...flow, tools: Object.fromEntries(named) };
}

function namesOf(tools: object): readonly string[] {
  if (!Array.isArray(tools)) return Object.keys(tools);
  return Array.from(tools as readonly unknown[], (tool) => {
    const name: unknown = (tool as { readonly name?: unknown } | null | undefined)?.name;
    if (typeof name === 'string') return name;
    throw new GuardError('policy_invalid', 'definePolicy: a tool in the list has no name');
  });
}

type Fields = AllowRule<unknown, unknown>;

/** A misspelt name is told as what it is, also where no compiler looks. */
function builderFor(names: readonly string[], source: string | undefined): object {
  const rulesFor = (tool: string): ToolRuleBuilder<unknown, unknown> => ruleBuilder(tool, source);
  const builders = new Map(names.map((name) => [name, rulesFor(name)]));
  return new Proxy(Object.create(null) as object, {
    get(_, name) {
      if (typeof name !== 'string') return undefined;
      const builder = builders.get(name);
      if (builder !== undefined) return builder;
      if (name === '$match') return rulesFor;
      throw new GuardError(
        'policy_invalid',
        `definePolicy: there is no tool "${name}"${suggest(name, names)}; it has ${names.join(', ')}`,
      );
    },
  });
}

function ruleBuilder(tool: string, source: string | undefined): ToolRuleBuilder<unknown, unknown> {
  return {
    allow: (rule) => ({ ...withoutAbsent({ source }), ...ruleOf('allow', tool, rule) }),
    ask: (rule) => ruleOf('ask', tool, rule),
    deny: (rule) => ruleOf('deny', tool, rule),
  };
}

function ruleOf(effect: RuleDocument['effect'], tool: string, rule: Fields): RuleDocument {
  const own: Fields = Object.assign(Object.create(null) as object, rule);
  const { approvers, quorum, expires, onExpiry, editable, grants, ...rest } = own;
  const needs: Approve = withoutAbsent({
    by: approvers,
    quorum,
    expires,
    onExpiry,
    editable,
    grants,
  });
  const approve = Object.keys(needs).length === 0 ? {} : { approve: needs };
  return { ...rest, ...approve, effect, tool };
}

function withoutAbsent<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const own = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(own) as { [K in keyof T]?: Exclude<T[K], undefined> }; // what is left
}
