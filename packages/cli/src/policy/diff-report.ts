import { visible } from '@guardstile/core';
import type {
  Ground,
  PolicyDifference,
  ReplayedChange,
  ReplayReport,
  UntoldCalls,
} from '@guardstile/policy-file';

import { columns } from '../columns.ts';

/** What two files say differently, for a person. */
export function describeDifferences(differences: readonly PolicyDifference[]): string {
  if (differences.length === 0) return 'Both files say the same.\n';
  return differences
    .map(({ text, widens }) => `${visible(text)}${widens ? '  (may widen)' : ''}\n`)
    .join('');
}

/** What they decide of recorded calls, for a person. */
export function describeReplay(report: ReplayReport): string {
  const { changed, untold, byNames } = report;
  const lines = [`\n${summary(report)}\n`];
  if (changed.length > 0) lines.push(columns([CHANGED, ...changed.map(changedLine)]));
  if (untold.length > 0) {
    lines.push(
      '\nCannot tell, since the log does not hold what decides:\n',
      columns([UNTOLD, ...untold.map(untoldLine)]),
    );
  }
  if (byNames > 0) {
    lines.push(
      `\n${count(byNames, 'call')} decided by what tools do, which only their names say; state it with --facts\n`,
    );
  }
  return lines.join('');
}

function summary({ calls, same, changed, untold, from, to }: ReplayReport): string {
  if (from === undefined || to === undefined) return 'The logs hold no calls.';
  const sum = (groups: ReadonlyArray<{ readonly calls: number }>): number =>
    groups.reduce((total, group) => total + group.calls, 0);
  const widened = sum(changed.filter(({ widens }) => widens));
  return `${count(calls, 'recorded call')} from ${time(from)} to ${time(to)}: ${same} the same, ${sum(changed)} decided otherwise (${widened} widened), ${sum(untold)} cannot be told`;
}

const CHANGED = ['change', 'calls', 'tool', 'before', 'after', 'such as'];

function changedLine(change: ReplayedChange): string[] {
  const { before, after, widens, calls, examples } = change;
  const arrow = `${before.effect} → ${after.effect}`;
  return [
    widens ? `${arrow} (widens)` : arrow,
    String(calls),
    toolOf(change),
    groundOf(before, before.effect === after.effect),
    groundOf(after, before.effect === after.effect),
    shown(examples.join(', ')),
  ];
}

const UNTOLD = ['calls', 'tool', 'what is not there', 'such as'];

function untoldLine(untold: UntoldCalls): string[] {
  const { calls, because, examples } = untold;
  return [String(calls), toolOf(untold), because, shown(examples.join(', '))];
}

function toolOf({ tool, source }: { readonly tool: string; readonly source: string }): string {
  return shown(source === 'app' ? tool : `${tool} of ${source}`);
}

function groundOf({ rule, reason, needs }: Ground, sameEffect: boolean): string {
  const ground = rule === undefined ? `(${reason})` : rule;
  // Where the verdict stays, what it needs is the change.
  return shown(sameEffect ? `${ground}: ${needs.join(' and ') || 'nothing more'}` : ground);
}

const LONGEST = 120;

function shown(text: string): string {
  const line = visible(text);
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function time(ts: number): string {
  const date = new Date(ts);
  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString();
}
