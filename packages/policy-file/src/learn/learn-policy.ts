import { type AuditEntry, ownOptions } from '@guardstile/core';
import type { Condition } from '@guardstile/policy';

import { loadPolicy } from '../load-policy.ts';
import { formatLearned } from './format-learned.ts';
import { type Held, type LearnedTool, learnTool, shown } from './learned-rule.ts';
import { type RecordedCall, recordedCalls } from './recorded-calls.ts';
import { type Facts, recordedDecider } from './recorded-decider.ts';
import { isDenial, type LogSummary, summariseCalls } from './tool-summary.ts';

export interface LearnOptions {
  /** What the application's own tools do. Nothing runs without a person of which nothing is stated. */
  readonly facts?: Facts;
  /** Where the entries come from and how they were verified, one line each, for the top of the file. */
  readonly about?: readonly string[];
}

/** A policy that was learned, and what it covers of the calls that it was learned from. */
export interface LearnedPolicy {
  /** YAML, with comments for whoever reviews it. */
  readonly text: string;
  /** Recorded calls. */
  readonly calls: number;
  readonly rules: number;
  /** Rules that let calls run without a person. */
  readonly allows: number;
  /** Recorded calls that it lets run. */
  readonly covered: number;
}

/**
 * Proposes a policy from recorded calls: what was allowed stays allowed where its tool is stated to
 * be harmless, and needs a person otherwise; what was denied stays denied. The log is read several
 * times, one entry after the other.
 */
export async function learnPolicy(
  entries: () => Iterable<AuditEntry>,
  options: LearnOptions = {},
): Promise<LearnedPolicy> {
  const known = ['facts', 'about'] as const;
  const { facts = {}, about = [] } = ownOptions('learnPolicy', options, known, 'options_invalid');
  const summary = summariseCalls(recordedCalls(entries()));
  const held = new Map<string, Held>();
  for (;;) {
    const tools = summary.tools.map((tool) =>
      understood(learnTool(tool, facts, held.get(keyOf(tool)))),
    );
    const text = formatLearned(tools, factsIn(tools, facts), [...about, ...limitsOf(summary)]);
    const tried = await tryOut(text, recordedCalls(entries()), held);
    if (tried.held === 0)
      return { text, calls: summary.calls, ...countsOf(tools), covered: tried.covered };
  }
}

function keyOf({ source, tool }: Pick<RecordedCall, 'source' | 'tool'>): string {
  return JSON.stringify([source, tool]);
}

/** A value that a file cannot hold restricts nothing, and a name that it cannot hold makes no rule. */
function understood(learned: LearnedTool): LearnedTool {
  if (learned.kind === 'left-out' || refusal(learned) === undefined) return learned;
  const { rule, comments } = learned;
  const { where = {}, ...bare } = rule;
  const why = refusal({ ...learned, rule: bare });
  if (why !== undefined) {
    return { kind: 'left-out', comment: shown(`${rule.id} makes no rule: ${why}`) };
  }
  const isHeld = ([name, condition]: [string, unknown]): boolean =>
    refusal({ ...learned, rule: { ...bare, where: { [name]: condition as Condition } } }) ===
    undefined; // its own
  const held = Object.entries(where).filter(isHeld);
  const dropped = Object.keys(where).filter((name) => !held.some(([kept]) => kept === name));
  return {
    kind: 'rule',
    rule: held.length === 0 ? bare : { ...bare, where: Object.fromEntries(held) },
    comments: [
      ...comments,
      ...dropped.map((name) => shown(`${name}: not restricted, no file can hold what it was`)),
    ],
  };
}

/** Why a file cannot hold a rule. */
function refusal(learned: LearnedTool): string | undefined {
  try {
    loadPolicy({ text: formatLearned([learned], {}, []), name: 'learned' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Tried {
  /** How many tools have to be held back beside those that were. */
  readonly held: number;
  readonly covered: number;
}

/** Decides what was recorded by what was learned: nothing may run that was denied or asked about. */
async function tryOut(
  text: string,
  calls: Iterable<RecordedCall>,
  held: Map<string, Held>,
): Promise<Tried> {
  const decide = recordedDecider(loadPolicy({ text, name: 'learned' }));
  const before = held.size;
  let covered = 0;
  for (const call of calls) {
    const verdict = await decide(call);
    const runs = verdict.kind === 'untold' || verdict.effect === 'allow';
    if (!runs) continue;
    const why = isDenial(call) ? 'denied' : call.effect === 'ask' ? 'asked' : undefined;
    if (why !== undefined) held.set(keyOf(call), held.get(keyOf(call)) ?? why);
    else if (call.effect === 'allow' && verdict.kind === 'told') covered += 1;
  }
  return { held: held.size - before, covered };
}

/** Of the tools that the file is about. */
function factsIn(tools: readonly LearnedTool[], facts: Facts): Facts {
  const named = tools.flatMap((one) =>
    one.kind === 'rule' && one.rule.source === undefined ? [one.rule.tool] : [],
  );
  return Object.fromEntries(Object.entries(facts).filter(([name]) => named.includes(name)));
}

function countsOf(tools: readonly LearnedTool[]): Pick<LearnedPolicy, 'rules' | 'allows'> {
  const rules = tools.flatMap((one) => (one.kind === 'rule' ? [one.rule] : []));
  return {
    rules: rules.length,
    allows: rules.filter(({ approve }) => approve === undefined).length,
  };
}

/** What the log does not hold, for whoever takes it for all there is. */
function limitsOf(summary: LogSummary): readonly string[] {
  const { calls, from, to, missing, partial, beyond, users, policies, tools } = summary;
  const few = tools.filter(({ allowed, asked }) => allowed + asked > 0 && allowed + asked < FEW);
  return [
    `${calls} calls, ${time(from)} to ${time(to)}, different users: ${users}, versions of the policy: ${policies}`,
    'What the log does not hold:',
    '- what was never called: no call of it is allowed here, and a field that no call had is not restricted',
    '- who may: it has no roles, so rules are for everybody',
    '- what tools do: it is stated where they are guarded, or in a policy file',
    ...(partial === 0
      ? []
      : [`- parts of the arguments of ${partial} calls, which were redacted or cut`]),
    ...(missing === 0 ? [] : [`- the arguments of ${missing} calls at all`]),
    ...(beyond === 0
      ? []
      : [`- (not looked at) ${beyond} calls of tools beyond the first ${tools.length}`]),
    ...(few.length === 0
      ? []
      : [
          `- enough of ${few
            .map(({ tool }) => shown(tool))
            .slice(0, MOST_NAMED)
            .join(', ')}${few.length > MOST_NAMED ? ', …' : ''}: fewer than ${FEW} calls each`,
        ]),
  ];
}

const FEW = 5;
const MOST_NAMED = 10;

function time(ts: number | undefined): string {
  const date = new Date(ts ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString();
}
