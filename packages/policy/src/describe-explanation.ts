import { describeRequirement, type Obligation, visible } from '@guardstile/core';

import { durationText } from './duration.ts';
import type { ConsideredRule, ExplainedFlow, Explanation, Flip } from './explain.ts';

/** An explanation as lines of text, for terminals and logs. */
export function describeExplanation(explanation: Explanation): string {
  const { tool, source, verdict, rule, reason, policy } = explanation;
  const by = rule === undefined ? '' : ` by rule "${rule}"`;
  return [
    source === 'app' ? tool : `${tool} (of ${source})`,
    `  ${named(verdict)}${by}: ${reason}`,
    ...nearest(explanation),
    ...requirements(explanation),
    ...demands(explanation),
    ...explanation.sources.map((one) => `    · ${one.effect.padEnd(5)} ${one.name}: ${one.reason}`),
    ...explanation.flow.map(flowLine),
    ...explanation.considered.map(ruleLine),
    ...explanation.flips.map((flip) => flipLine(flip, verdict)),
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
  if (needed === undefined) return [];
  const { votes, expiresMs, onExpiry, escalateTo = [], editable, grants } = needed;
  const time = expiresMs === undefined ? 'in time' : `within ${durationText(expiresMs)}`;
  const late = {
    deny: 'it is denied',
    park: 'it stays open for a late answer',
    escalate: `${escalateTo.join(', ')} may answer too, for as long again`,
  }[onExpiry ?? 'deny'];
  return [
    `  needs ${votes.map(describeRequirement).join(' and ')}`,
    ...(expiresMs === undefined && onExpiry === undefined
      ? []
      : [`  if nobody answers ${time}, ${late}`]),
    ...(editable.length === 0 ? [] : [`  whoever approves may change ${editable.join(', ')}`]),
    ...(grants.length === 0 ? [] : [`  may be granted for more than once (${grants.join(', ')})`]),
  ];
}

function demands({ obligations, limits, requires }: Explanation): readonly string[] {
  return [
    ...obligations.map(obligationLine),
    ...limits.map(
      ({ id, amount = 1, max, windowMs, per = 'principal' }) =>
        `  uses ${amount} of ${max} of "${id}" (per ${per}, ${windowMs === 'running' ? 'while it runs' : `in ${durationText(windowMs)}`})`,
    ),
    ...Object.entries(requires.sandbox ?? {}).map(
      ([dimension, level]) => `  requires a sandbox for ${dimension} (${level})`,
    ),
    ...(requires.durability === undefined
      ? []
      : [`  requires a log of durability ${requires.durability}`]),
  ];
}

function obligationLine(obligation: Obligation): string {
  if (obligation.type !== 'origins') {
    const { type, ...detail } = obligation;
    return `  ${type} ${Object.values(detail).join(', ')}`;
  }
  const labels = Object.entries(obligation.of).map(
    ([path, label]) => `${path === '' ? 'all of it' : path} is ${label}`,
  );
  return `  its result: ${labels.join(', ')}`;
}

function ruleLine({ id, effect, mode, outcome, conditions }: ConsideredRule): string {
  const mark = mode === 'shadow' ? '◌' : '·';
  const failed = conditions.filter((one) => one.outcome !== 'holds').map(({ why }) => why);
  const why = failed.length === 0 ? '' : `: ${failed.join('; ')}`;
  return `    ${mark} ${effect.padEnd(5)} ${id} ${outcome}${mode === 'shadow' ? ' (shadow)' : ''}${why}`;
}

function flowLine({ effect, rule, reason }: ExplainedFlow): string {
  return `    · ${effect.padEnd(5)} ${rule}: ${reason}`;
}

function flipLine({ rule, from, would }: Flip, verdict: Explanation['verdict']): string {
  const what = rule === undefined ? 'all of this policy' : `"${rule}"`;
  // A rule of a policy that is itself only observed changes what that would say.
  const also = rule === undefined || from === verdict ? '' : 'this policy and ';
  return `    would be ${named(would)} instead of ${named(from)} if ${also}${what} were enforced`;
}

function named(effect: Explanation['verdict']): string {
  return effect === 'none' ? 'NO OPINION' : effect.toUpperCase();
}
