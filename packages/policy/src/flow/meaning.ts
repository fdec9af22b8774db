import type { FlowSpec } from '@guardstile/data-flow';

type Tool = NonNullable<FlowSpec['tools']>[string];

/** The same for flows of the same meaning, whatever the order in which they were written. */
export function meaningOfFlow(given: FlowSpec): FlowSpec {
  const { tools = {}, rules = [] } = ownOf(given);
  return {
    tools: sorted(tools, (stated): Tool => {
      const tool = ownOf(stated);
      return {
        ...tool,
        ...(tool.labels === undefined ? {} : { labels: sorted(tool.labels, (label) => label) }),
        ...(tool.args === undefined
          ? {}
          : { args: sorted(tool.args, (rule) => ({ ...rule, from: set(rule.from) })) }),
        ...(tool.sinks === undefined ? {} : { sinks: set(tool.sinks) }),
      };
    }),
    rules: [...rules].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** A polluted prototype says nothing. */
function ownOf<T extends object>(given: T): T {
  return Object.assign(Object.create(null) as T, given);
}

function sorted<T>(
  record: Readonly<Record<string, T>>,
  each: (value: T) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, value]) => [name, each(value)]));
}

function set<T extends string>(list: readonly T[]): readonly T[] {
  return [...new Set(list)].sort();
}
