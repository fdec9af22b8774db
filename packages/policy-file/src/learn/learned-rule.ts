import { type Fact, factsOf, visible } from '@guardstile/core';
import type { RuleDocument } from '@guardstile/policy';

import { learnedWhere } from './learned-condition.ts';
import type { Facts } from './recorded-decider.ts';
import type { ToolSummary } from './tool-summary.ts';

/** What is proposed for one tool. */
export type LearnedTool =
  | {
      readonly kind: 'rule';
      readonly rule: RuleDocument;
      /** For whoever reviews it, one line each. */
      readonly comments: readonly string[];
    }
  | { readonly kind: 'left-out'; readonly comment: string };

/** Nobody has this role, so nobody can approve before somebody was named. */
const TO_FILL_IN = 'role:FILL-IN';

/** Why a tool was held back that its facts would let run. */
export type Held = 'denied' | 'asked';

/** Proposes a rule for a tool; `held` where a rule without a person would allow too much. */
export function learnTool(summary: ToolSummary, facts: Facts, held: Held | undefined): LearnedTool {
  const { tool, source, allowed, asked } = summary;
  const name = shown(source === 'app' ? tool : `${tool} of ${source}`);
  if (tool.includes('*') || source.includes('*')) {
    return leftOut(`${name}: a rule would take * for a pattern`, summary);
  }
  if (allowed + asked === 0) return leftOut(`${name}: every call was denied`, summary);
  const person = needsPerson(summary, facts, held);
  const { where, notes } = learnedWhere(person === undefined ? summary.free : summary.wide);
  return {
    kind: 'rule',
    rule: {
      id: `learned.${name}`,
      effect: 'allow',
      tool,
      ...(source === 'app' ? {} : { source }),
      ...(Object.keys(where).length === 0 ? {} : { where }),
      ...(person === undefined ? {} : { approve: { by: TO_FILL_IN } }),
    },
    comments: [
      `${countsOf(summary)}, such as ${summary.examples.map(shown).join(', ')}`,
      ...(person === undefined
        ? []
        : [`needs a person: ${person}; say who instead of ${TO_FILL_IN}`]),
      ...notes.map(shown),
    ],
  };
}

/** Why a tool does not run without a person. Only what is stated harmless does. */
function needsPerson(
  { tool, source, allowed, free }: ToolSummary,
  facts: Facts,
  held: Held | undefined,
): string | undefined {
  const stated = source === 'app' && Object.hasOwn(facts, tool) ? listOf(facts[tool]) : [];
  const known = factsOf(tool, { stated });
  const reaches = stated.length > 0 ? stated : known.capabilities;
  if (known.money) return 'it moves money';
  if (known.effect === 'destructive') return 'it is destructive';
  if (reaches.includes('network') || reaches.includes('sendEmail')) return 'it sends data out';
  if (known.effect === 'unknown') return `nothing states what it does`;
  if (known.effect === 'edit') return 'it changes files';
  if (free.hidden > 0) return 'the log does not hold what it was called with';
  if (held === 'denied') return 'calls like those that ran were denied';
  if (held === 'asked' || allowed === 0) return 'a person was asked about calls like these';
  return undefined;
}

function listOf(facts: Fact | readonly Fact[] | undefined): readonly Fact[] {
  if (facts === undefined) return [];
  return typeof facts === 'string' ? [facts] : facts;
}

function leftOut(
  why: string,
  { denied, deniedExamples, allowed, asked }: ToolSummary,
): LearnedTool {
  const examples = deniedExamples.map(shown).join(', ');
  const counts = `${allowed + asked + denied} calls${examples === '' ? '' : `, such as ${examples}`}`;
  return { kind: 'left-out', comment: `${why} (${counts})` };
}

function countsOf({ allowed, asked, denied, deniedExamples }: ToolSummary): string {
  const such = deniedExamples.length === 0 ? '' : ` (${deniedExamples.map(shown).join(', ')})`;
  return `${allowed} allowed, ${asked} asked, ${denied} denied${such}`;
}

const LONGEST = 200;

/** What a log says, on one line of a comment. */
export function shown(text: string): string {
  const line = visible(text);
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
