import { stringify } from 'yaml';
import { policyOf, type SuitePolicy } from './suite-policies.ts';

/**
 * The same policy, denying what only content names: every flow rule that does not say `else` itself
 * denies, and still asks about values that are seen nowhere, which are mistakes more often than
 * attacks. Rules that say `else: ask` keep it.
 */
export function denying({ path, document: { flow, ...rest } }: SuitePolicy): SuitePolicy {
  const tools = mapped(flow?.tools ?? {}, (tool) => {
    const { args } = tool;
    return isRecord(args) ? { ...tool, args: mapped(args, denyingRule) } : tool;
  });
  return policyOf(`${path}, denying`, stringify({ ...rest, flow: { ...flow, tools } }));
}

function denyingRule(rule: unknown): unknown {
  return isRecord(rule) && rule['else'] === undefined
    ? { unseen: 'ask', ...rule, else: 'deny' }
    : rule;
}

function mapped<T>(
  record: Readonly<Record<string, T>>,
  change: (value: T) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
