import { type Fields, fieldsOf, same, shown } from './describe-change.ts';
import { flowDiff } from './flow-diff.ts';
import { isRecord } from './json-schema-of.ts';

/** One difference between two versions of a policy. */
export interface PolicyDifference {
  /** In words, such as `- rule refunds.large (ask refund)`. */
  readonly text: string;
  /** Whether something may run now that did not before, or needs less for it. */
  readonly widens: boolean;
}

/**
 * What changed between two documents with everything filled in. Whatever is not known to only take
 * away counts as widening.
 */
export function policyDiff(before: Fields, after: Fields): readonly PolicyDifference[] {
  const differences = KEYS.flatMap(
    (key) => DIFF[key]?.(before[key], after[key]) ?? other(key, before, after),
  );
  const optsIn =
    before['allow'] === undefined && after['allow'] !== undefined && hasItems(before['optional']);
  return optsIn
    ? [...differences, { text: 'the allow list opts into optional tools', widens: true }]
    : differences;
}

function hasItems(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

const KEYS = [
  'layer',
  'enforcement',
  'default',
  'mode',
  'allow',
  'deny',
  'optional',
  'capabilities',
  'facts',
  'rules',
  'flow',
  'users',
  'agents',
];

type Diff = (before: unknown, after: unknown) => readonly PolicyDifference[];

const DIFF: Readonly<Record<string, Diff>> = {
  default: (before = 'deny', after = 'deny') =>
    before === after
      ? []
      : [
          {
            text: `default: ${String(before)} → ${String(after)}`,
            widens: rank(after) < rank(before),
          },
        ],
  enforcement: (before = 'enforce', after = 'enforce') =>
    before === after
      ? []
      : [
          {
            text: `enforcement: ${String(before)} → ${String(after)}`,
            widens: after !== 'enforce',
          },
        ],
  // To have no list is to restrict nothing.
  allow: (before, after) => listDiff('allow', before, after, { added: true, removed: false }),
  deny: (before = [], after = []) =>
    listDiff('deny', before, after, { added: false, removed: true }),
  optional: (before = [], after = []) =>
    listDiff('optional', before, after, { added: false, removed: true }),
  rules: (before = [], after = []) => entryDiff('rule', before, after, ruleWidens),
  flow: flowDiff,
};

function rank(effect: unknown): number {
  return ['allow', 'ask', 'deny'].indexOf(String(effect));
}

function other(key: string, before: Fields, after: Fields): readonly PolicyDifference[] {
  if (same(before[key], after[key])) return [];
  return [{ text: `${key}: ${shown(before[key])} → ${shown(after[key])}`, widens: true }];
}

interface Widens {
  readonly added: boolean;
  readonly removed: boolean;
}

function listDiff(
  name: string,
  before: unknown,
  after: unknown,
  { added, removed }: Widens,
): readonly PolicyDifference[] {
  if (same(before, after)) return [];
  if (!Array.isArray(before) || !Array.isArray(after)) {
    const text = `${name}: ${shown(before)} → ${shown(after)}`;
    return [{ text, widens: after === undefined }];
  }
  return [
    ...before
      .filter((item) => !after.includes(item))
      .map((item) => ({ text: `- ${name} ${String(item)}`, widens: removed })),
    ...after
      .filter((item) => !before.includes(item))
      .map((item) => ({ text: `+ ${name} ${String(item)}`, widens: added })),
  ];
}

interface EntryWidens {
  readonly added: (entry: Fields) => boolean;
  readonly removed: (entry: Fields) => boolean;
}

const isShadow = (rule: Fields): boolean => rule['mode'] === 'shadow';
const grants = (rule: Fields): boolean => rule['effect'] === 'allow';
/** What an allow needs or demands holds for the calls that others allow, too. */
const restricts = (rule: Fields): boolean =>
  !grants(rule) ||
  ['approve', 'obligations', 'limits', 'requires'].some((key) => rule[key] !== undefined);

const ruleWidens: EntryWidens = {
  added: (rule) => !isShadow(rule) && grants(rule),
  removed: (rule) => !isShadow(rule) && restricts(rule),
};

function entryDiff(
  what: string,
  before: unknown,
  after: unknown,
  { added, removed }: EntryWidens,
): readonly PolicyDifference[] {
  const [old, now] = [entriesById(before), entriesById(after)];
  const differences: PolicyDifference[] = [];
  for (const [id, entry] of old) {
    const next = now.get(id);
    if (next === undefined) {
      differences.push({ text: `- ${what} ${describe(entry)}`, widens: removed(entry) });
    } else if (!same(entry, next)) {
      const meaning = !same({ ...entry, reason: '' }, { ...next, reason: '' });
      const text = `~ ${what} ${id}: ${fieldsOf(entry, next).join(', ')}`;
      differences.push({ text, widens: meaning && (removed(entry) || added(next)) });
    }
  }
  for (const [id, entry] of now) {
    if (!old.has(id)) {
      differences.push({ text: `+ ${what} ${describe(entry)}`, widens: added(entry) });
    }
  }
  return differences;
}

function entriesById(list: unknown): ReadonlyMap<string, Fields> {
  const entries = Array.isArray(list) ? list.filter(isRecord) : [];
  return new Map(entries.map((entry) => [String(entry['id']), entry]));
}

function describe({ id, effect, tool, mode }: Fields): string {
  const words = [effect, Array.isArray(tool) ? tool.join(' ') : tool, mode]
    .filter((word) => word !== undefined)
    .map(String);
  return `${String(id)} (${words.join(' ')})`;
}
