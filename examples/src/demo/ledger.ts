import type { AuditEntry, AuditLog } from '@guardstile/core';

import type { Screen } from './screen.ts';

/** What a look at a log found. */
export interface Finding {
  readonly ok: boolean;
  readonly words: string;
}

/** The log of the demo, and what it proves once the guard has closed it. */
export interface Ledger {
  readonly audit: AuditLog;
  /** Where it is kept, in words. */
  readonly words: string;
  /** What no tool may reach: the log, its keys and its anchor. */
  readonly files: readonly string[];
  /** What was written in this run. */
  entries(): readonly AuditEntry[];
  verified(): Finding;
  /** What is found in a copy in which somebody turned a denial into an allow, or the reverse. */
  tampered(): Promise<Finding>;
  /** Tells a third party how to verify it. */
  handOver?(screen: Screen): void;
}

/** What somebody who wants to deceive would change. */
export interface Forgery {
  readonly target: AuditEntry;
  /** What they would make of it. */
  readonly action: string;
}

export function forgeryOf(entries: readonly AuditEntry[]): Forgery | undefined {
  const decisions = entries.filter(({ kind }) => kind === 'decision');
  const target = decisions.find(({ action }) => action === 'tool.deny') ?? decisions[0];
  if (target === undefined) return undefined;
  return { target, action: target.action === 'tool.allow' ? 'tool.deny' : 'tool.allow' };
}
