/**
 * The flow rules of a policy, denying what only content names: every rule that does not say `else`
 * itself denies, and still asks about values that are seen nowhere, which are mistakes more often
 * than attacks. Rules that say `else: ask` keep it.
 */
export function denying(flow: unknown): unknown {
  if (!isRecord(flow) || !isRecord(flow['tools'])) return flow;
  const tools = mapped(flow['tools'], (tool) =>
    isRecord(tool) && isRecord(tool['args'])
      ? { ...tool, args: mapped(tool['args'], denyingRule) }
      : tool,
  );
  return { ...flow, tools };
}

function denyingRule(rule: unknown): unknown {
  return isRecord(rule) && rule['else'] === undefined
    ? { unseen: 'ask', ...rule, else: 'deny' }
    : rule;
}

function mapped(
  record: Readonly<Record<string, unknown>>,
  change: (value: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
