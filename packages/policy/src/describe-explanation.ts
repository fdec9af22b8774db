import { describeRequirement, visible } from '@guardstile/core';

import type { ConsideredRule, Explanation, Flip } from './explain.ts';

/** An explanation as lines of text, for terminals and logs. */
export function describeExplanation(explanation: Explanation): string {
  const { tool, source, verdict, rule, reason, policy } = explanation;
  const by = rule === undefined ? '' : ` by rule "${rule}"`;
  return [
    source === 'app' ? tool : `${tool} (of ${source})`,
    `  ${verdict === 'none' ? 'NO OPINION' : verdict.toUpperCase()}${by}: ${reason}`,
    ...nearest(explanation),
    ...requirements(explanation),
    ...demands(explanation),
    ...explanation.sources.map((one) => `    · ${one.effect.padEnd(5)} ${one.name}: ${one.reason}`),
    ...explanation.considered.map(ruleLine),
    ...explanation.flips.map(flipLine),
    `  policy ${policy}`,
  ]
    .map((line) => visible(line))
    .join('\n');
}

function nearest({ nearest: near }: Explanation): readonly string[] {
  if (near === undefined) return [];
  return [`  nearest: ${near.rule} (${near.failed.map(({ why }) => why).join('; ')})`];
}

function requirements({ requirements: needed }: Explanation): readonly string[] {
  return needed === undefined
    ? []
    : [`  needs ${needed.votes.map(describeRequirement).join(' and ')}`];
}

function demands({ obligations, limits }: Explanation): readonly string[] {
  return [
    ...obligations.map(({ type, ...detail }) => `  ${type} ${Object.values(detail).join(', ')}`),
    ...limits.map(
      ({ id, amount = 1, max, windowMs, per = 'principal' }) =>
        `  uses ${amount} of ${max} of "${id}" (per ${per}, in ${windowMs} ms)`,
    ),
  ];
}

function ruleLine({ id, effect, mode, outcome, conditions }: ConsideredRule): string {
  const mark = mode === 'shadow' ? '◌' : '·';
  const failed = conditions.filter((one) => one.outcome !== 'holds').map(({ why }) => why);
  const why = failed.length === 0 ? '' : `: ${failed.join('; ')}`;
  return `    ${mark} ${effect.padEnd(5)} ${id} ${outcome}${mode === 'shadow' ? ' (shadow)' : ''}${why}`;
}

function flipLine({ rule, from, would }: Flip): string {
  const what = rule === undefined ? 'the whole policy' : `"${rule}"`;
  return `    if ${what} were enforced: ${would.toUpperCase()} instead of ${from.toUpperCase()}`;
}
