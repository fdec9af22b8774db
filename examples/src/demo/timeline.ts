import type { AuditEntry } from '@guardstile/core';

import { paint, type Screen, wrapped } from './screen.ts';

/** Widths of time, step, tool, who and what; the rest of the line says why. */
const WIDTHS = [12, 4, 9, 5, 8] as const;
/** The margin, and two spaces behind each column. */
const BEFORE = 3 + WIDTHS.reduce((sum, width) => sum + width + 2, 0);

/** Prints an audit trail: one entry a row, in the order of the log. */
export function printTimeline(entries: readonly AuditEntry[], screen: Screen): void {
  screen.line(row(['time (UTC)', 'step', 'tool', 'who', 'what', 'why, or what came of it']));
  const step = steps();
  for (const entry of entries) {
    const time = new Date(entry.ts).toISOString().slice(11, 23);
    const what = paint(whatOf(entry).padEnd(WIDTHS[4]));
    const [first = '', ...rest] = wrapped(whyOf(entry), screen.width - BEFORE);
    screen.line(row([time, step(entry), entry.tool ?? '', entry.actor, what, first]));
    for (const more of rest) screen.line(row(['', '', '', '', '', more]));
  }
}

/** Numbers the calls in the order in which they first appear. */
function steps(): (entry: AuditEntry) => string {
  const rids: string[] = [];
  return ({ rid }) => {
    if (rid === undefined) return '';
    if (!rids.includes(rid)) rids.push(rid);
    return String(rids.indexOf(rid) + 1);
  };
}

function row(cells: readonly string[]): string {
  return `   ${cells.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0)).join('  ')}`.trimEnd();
}

/** `allow` of `tool.allow`, `approve` of `approval.approve`; of an outcome its status. */
function whatOf({ action, status }: AuditEntry): string {
  return status ?? action.slice(action.indexOf('.') + 1);
}

function whyOf(entry: AuditEntry): string {
  const { action, kind, reason, error, ms, votes, payload } = entry;
  if (kind === 'recovery') return recoveryOf(payload);
  const channels = channelsOf(votes);
  if (action === 'tool.allow' && channels !== '') return `approved through ${channels}`;
  if (channels !== '') return `through ${channels}`;
  if (ms !== undefined) return error ?? `after ${ms} ms`;
  return reason ?? fieldsOf(payload);
}

/** How the run before ended. */
function recoveryOf(payload: unknown): string {
  const { closed, unknownCount } = payload as {
    readonly closed: boolean;
    readonly unknownCount: number;
  }; // as a log on disk says it
  if (closed) return 'the run before closed it';
  return `the run before did not close it; calls without an outcome: ${unknownCount}`;
}

function channelsOf(votes: unknown): string {
  if (!Array.isArray(votes)) return '';
  return votes.map((vote: { readonly channel?: unknown }) => String(vote.channel)).join(', ');
}

function fieldsOf(payload: unknown): string {
  return Object.entries(payload ?? {})
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}
