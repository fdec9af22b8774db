import { stringify } from 'yaml';
import type { Suite } from '../data.ts';
import type { Naming } from '../rename.ts';
import { policyOf, type SuitePolicies, type SuitePolicy } from './suite-policies.ts';

type Flow = NonNullable<SuitePolicy['document']['flow']>;

/** The same policies of a suite for data in which its tools and their arguments have other names. */
export function renamedPolicies(
  { flow, rules }: SuitePolicies,
  { tools }: Pick<Suite, 'tools'>,
  name: Naming,
): SuitePolicies {
  const names = new Set(tools.map((tool) => tool.name));
  const renamed = (policy: SuitePolicy | undefined) =>
    policy === undefined ? undefined : renamedPolicy(policy, names, name);
  return { flow: renamed(flow), rules: renamed(rules) };
}

/** Names stand where tools and arguments are named, and nowhere else: labels are paths of results. */
function renamedPolicy(
  { path, document: own }: SuitePolicy,
  tools: ReadonlySet<string>,
  name: Naming,
): SuitePolicy {
  const { facts, sets, rules, flow, tests: _tests, ...rest } = own;
  const toolName = (value: unknown): unknown =>
    typeof value === 'string' && tools.has(value) ? name(value) : value;
  const toolNames = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(toolName) : toolName(value);

  const rule = (value: unknown): unknown => {
    if (!isRecord(value)) return value;
    const { tool, where } = value;
    return {
      ...value,
      ...(tool === undefined ? {} : { tool: toolNames(tool) }),
      ...(isRecord(where) ? { where: withKeys(where, name) } : {}),
    };
  };

  const renamedFlow = (stated: Flow): Flow => ({
    ...stated,
    tools: Object.fromEntries(
      Object.entries(stated.tools).map(([tool, parts]) => [name(tool), toolFlow(parts)]),
    ),
  });

  const toolFlow = (value: unknown): Record<string, unknown> => {
    if (!isRecord(value)) return {};
    const { args } = value;
    return { ...value, ...(isRecord(args) ? { args: withKeys(args, name) } : {}) };
  };

  const document = {
    ...rest,
    facts: withKeys(facts, name),
    sets: Object.fromEntries(
      Object.entries(sets).map(([set, members]) => [set, toolNames(members)]),
    ),
    ...(Array.isArray(rules) ? { rules: rules.map(rule) } : {}),
    ...(flow === undefined ? {} : { flow: renamedFlow(flow) }),
  };
  return policyOf(path, stringify(document));
}

function withKeys(
  record: Readonly<Record<string, unknown>>,
  name: Naming,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [name(key), value]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
