import { type Fields, fieldsOf, same, shown } from './describe-change.ts';
import { isRecord } from './json-schema-of.ts';
import { labelWidens, type LabelsOf } from './label-widens.ts';
import { classOf, covers, type Origin } from '@guardstile/data-flow';
import type { PolicyDifference } from './policy-diff.ts';

/** What changed in where values may come from and go to. Whatever is not known to only take away widens. */
export function flowDiff(before: unknown, after: unknown): readonly PolicyDifference[] {
  if (same(before, after)) return [];
  const [old, now] = [recordOf(before), recordOf(after)];
  const labels = toolDiffs(old, now, labelDiffs);
  const parts = [
    ...toolDiffs(old, now, ([was, is], tool) => [
      ...partDiffs([was, is], 'args', (path, both) => fromDiff(tool, path, both)),
      ...sinkDiff(tool, [was, is]),
      ...finalDiff(tool, [was, is]),
    ]),
    ...ruleDiffs(byId(old['rules']), byId(now['rules'])),
    ...answerDiff(old['approve'], now['approve']),
  ];
  // Where nothing was asked, whatever is asked takes away. But other layers may go by its labels.
  if (before === undefined) {
    const added = parts.map(({ text }) => ({ text, widens: false }));
    return [{ text: '+ flow', widens: false }, ...labels, ...added];
  }
  // Without any part it asks before what cannot be undone.
  const gone = after === undefined ? [{ text: '- flow', widens: true }] : [];
  return [...labels, ...parts, ...gone];
}

type Both<T> = readonly [was: T, is: T];
type ToolDiff = (
  tools: Both<Fields>,
  name: string,
  flows: Both<Fields>,
) => readonly PolicyDifference[];

function toolDiffs(before: Fields, after: Fields, diff: ToolDiff): readonly PolicyDifference[] {
  const [old, now] = [recordOf(before['tools']), recordOf(after['tools'])];
  return namesOf(old, now).flatMap((name) =>
    diff([recordOf(old[name]), recordOf(now[name])], name, [before, after]),
  );
}

const labelDiffs: ToolDiff = (tools, name, flows) =>
  partDiffs(tools, 'labels', (path, both) => labelDiff(name, path, both, { flows, tools }));

/** What changed in one of the records of a tool. */
function partDiffs(
  [before, after]: Both<Fields>,
  key: string,
  diff: (name: string, both: Both<unknown>) => PolicyDifference,
): readonly PolicyDifference[] {
  const [old, now] = [recordOf(before[key]), recordOf(after[key])];
  return namesOf(old, now)
    .filter((name) => !same(old[name], now[name]))
    .map((name) => diff(name, [old[name], now[name]]));
}

function labelDiff(
  tool: string,
  path: string,
  [was, is]: Both<unknown>,
  labels: LabelsOf,
): PolicyDifference {
  const what = `${tool}: ${path === '' ? 'its result' : path}`;
  const widens = labelWidens(was, is, labels);
  if (was === undefined) return { text: `+ flow ${what} is ${shown(is)}`, widens };
  if (is === undefined) return { text: `- flow ${what} is ${shown(was)}`, widens };
  return { text: `~ flow ${what} is ${shown(was)} → ${shown(is)}`, widens };
}

function fromDiff(tool: string, path: string, [was, is]: Both<unknown>): PolicyDifference {
  const what = `flow ${tool}: ${path}`;
  if (was === undefined) return { text: `+ ${what} ${fromText(is)}`, widens: false };
  if (is === undefined) return { text: `- ${what} ${fromText(was)}`, widens: true };
  const [old, now] = [recordOf(was), recordOf(is)];
  return { text: `~ ${what}: ${fieldsOf(old, now).join(', ')}`, widens: !asksAsMuch(old, now) };
}

function fromText(rule: unknown): string {
  const { from, else: otherwise = 'ask' } = recordOf(rule);
  const origins = Array.isArray(from) ? from.map(shown).join(', ') : shown(from);
  return `has to come from ${origins}, else ${String(otherwise)}`;
}

/** The same as `@guardstile/data-flow` takes where a rule does not say. */
const SHORTEST = 5;

function asksAsMuch(old: Fields, now: Fields): boolean {
  const shortest = ({ shortest: given = SHORTEST }: Fields): number => Number(given);
  const otherwise = ({ else: given = 'ask' }: Fields): unknown => given;
  const unseen = (rule: Fields): unknown => rule['unseen'] ?? otherwise(rule);
  return (
    listOf(now['from']).every((is) => listOf(old['from']).some((was) => accepts(was, is))) &&
    atLeast(otherwise(now), otherwise(old)) &&
    atLeast(unseen(now), unseen(old)) &&
    same(old['part'] ?? 'value', now['part'] ?? 'value') &&
    shortest(now) >= shortest(old)
  );
}

function atLeast(is: unknown, was: unknown): boolean {
  return is === was || (is === 'deny' && was === 'ask');
}

function accepts(was: unknown, is: unknown): boolean {
  return isOrigin(was) && isOrigin(is) ? covers(was, is) : same(was, is);
}

function isOrigin(value: unknown): value is Origin {
  return typeof value === 'string' && classOf(value) !== undefined;
}

const ALL_SINKS = ['egress', 'money', 'code', 'store'];

function sinkDiff(tool: string, [before, after]: Both<Fields>): readonly PolicyDifference[] {
  const [was, is] = [before['sinks'], after['sinks']];
  if (same(was, is)) return [];
  // What is not stated follows from what the tool does.
  const needed = was === undefined ? ALL_SINKS : listOf(was);
  const widens = is === undefined || !needed.every((sink) => listOf(is).includes(sink));
  return [{ text: `~ flow ${tool}: sinks ${shown(was)} → ${shown(is)}`, widens }];
}

function finalDiff(tool: string, [before, after]: Both<Fields>): readonly PolicyDifference[] {
  const [was, is] = [before['irreversible'], after['irreversible']];
  if (same(was, is)) return [];
  const widens = !(is === true || was === false);
  return [{ text: `~ flow ${tool}: irreversible ${shown(was)} → ${shown(is)}`, widens }];
}

type Rules = ReadonlyMap<string, Fields>;

function ruleDiffs(old: Rules, now: Rules): readonly PolicyDifference[] {
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((id) => {
    const [was, is] = [old.get(id), now.get(id)];
    if (was === undefined) return [{ text: `+ flow rule ${ruleText(id, is)}`, widens: false }];
    if (is === undefined) return [{ text: `- flow rule ${ruleText(id, was)}`, widens: true }];
    if (same(was, is)) return [];
    const text = `~ flow rule ${id}: ${fieldsOf(was, is).join(', ')}`;
    return [{ text, widens: !holdsAsMuch(was, is) }];
  });
}

function ruleText(id: string, rule: Fields = {}): string {
  return `${id} (${shown(rule['from'])} to ${shown(rule['to'])}, else ${shown(rule['else'] ?? 'deny')})`;
}

function holdsAsMuch(was: Fields, is: Fields): boolean {
  return (
    accepts(is['from'], was['from']) &&
    same(was['to'], is['to']) &&
    atLeast(is['else'] ?? 'deny', was['else'] ?? 'deny') &&
    (same(was['by'], is['by']) || is['by'] === 'session')
  );
}

/** Who answers: no two ways of it are known to be worth the same. */
function answerDiff(was: unknown, is: unknown): readonly PolicyDifference[] {
  return same(was, is)
    ? []
    : [{ text: `~ flow approve: ${shown(was)} → ${shown(is)}`, widens: true }];
}

function recordOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function namesOf(old: Fields, now: Fields): readonly string[] {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])];
}

function byId(list: unknown): Rules {
  const rules = Array.isArray(list) ? list.filter(isRecord) : [];
  return new Map(rules.map((rule) => [String(rule['id']), rule]));
}
