import type { Suite } from '../data.ts';
import type { Naming } from '../rename.ts';

/** A list of the application, as its own tools give it: a field of each item, or the items. */
interface GivenList {
  readonly tools: readonly string[];
  readonly field?: string;
}

/** The sets that the policies leave to the application. */
const LISTS: Readonly<Record<string, Readonly<Record<string, GivenList>>>> = {
  banking: {
    payees: {
      tools: ['get_most_recent_transactions', 'get_scheduled_transactions'],
      field: 'recipient',
    },
  },
  slack: {
    members: { tools: ['get_users_in_channel'] },
    channels: { tools: ['get_channels'] },
  },
};

/** Its lists, as they were before anybody attacked. */
export type GivenSets = (suite: Suite) => Readonly<Record<string, readonly string[]>>;

/** The members of those sets in the data, where its suites and tools have other names too. */
export function givenSetsBy(name: Naming = (identifier) => identifier): GivenSets {
  return ({ suite, userTasks = [] }) => {
    const lists = Object.entries(LISTS).find(([called]) => name(called) === suite)?.[1] ?? {};
    const calls = userTasks.flatMap((task) => task.calls);
    const membersOf = ({ tools, field }: GivenList): readonly string[] => {
      const named = tools.map(name);
      const items = calls
        .filter(({ tool }) => named.includes(tool))
        .flatMap(({ result }) => (Array.isArray(result) ? (result as readonly unknown[]) : []));
      const members = items.map((item) => (field === undefined ? item : fieldOf(item, field)));
      return [...new Set(members.filter((member) => typeof member === 'string'))];
    };
    return Object.fromEntries(Object.entries(lists).map(([set, list]) => [set, membersOf(list)]));
  };
}

function fieldOf(item: unknown, field: string): unknown {
  return typeof item === 'object' && item !== null && Object.hasOwn(item, field)
    ? (item as Readonly<Record<string, unknown>>)[field] // its own
    : undefined;
}
