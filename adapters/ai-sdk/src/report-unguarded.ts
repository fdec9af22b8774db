import { type AuditLog, type Guard, GuardError } from '@guardstile/core';

import { type CoverageReport, coverageOfTools, isOutside } from './coverage.ts';
import { coverageOfTool, type ToolCoverage } from './tool-coverage.ts';

/**
 * What happens with tools that the guard cannot stand before: an entry in its log (once per log),
 * a coded error, or whatever a function does with the report.
 */
export type OnUnguarded = 'report' | 'refuse' | ((report: CoverageReport) => void);

const WORDS: readonly unknown[] = ['report', 'refuse'];

/** Findings that a log has already. */
const told = new WeakMap<AuditLog, Set<string>>();

/**
 * Looks at tools that have just been guarded.
 *
 * @throws {GuardError} `tool_invalid` with `refuse`, naming every tool that stays outside.
 */
export function reportUnguarded(
  guard: Guard,
  tools: Readonly<Record<string, object>>,
  onUnguarded: OnUnguarded = 'report',
  accepted: readonly string[] = [],
): void {
  if (typeof onUnguarded !== 'function' && !WORDS.includes(onUnguarded)) {
    throw new GuardError(
      'options_invalid',
      "withGuard: onUnguarded has to be 'report', 'refuse' or a function",
    );
  }
  // Tools are wrapped for every request: where nothing is outside, nothing is made.
  const outside = Object.keys(tools).some(
    (name) => isOutside(coverageOfTool(tools[name])) && !accepted.includes(name),
  );
  if (!outside) return;
  const report = coverageOfTools(tools, []);
  const found = report.tools.filter(
    ({ tool, coverage }) => isOutside(coverage) && !accepted.includes(tool),
  );
  if (typeof onUnguarded === 'function') onUnguarded(report);
  else if (onUnguarded === 'refuse') throw refusal(found);
  else for (const tool of found) tell(guard, tool);
}

function refusal(found: readonly ToolCoverage[]): GuardError {
  const lines = found.map(({ tool, coverage, todo }) => `${tool} (${coverage}: ${todo})`);
  return new GuardError(
    'tool_invalid',
    `withGuard: no guard can stand before ${lines.join('; ')}; leave them out, do what is said of each, or name them in acceptUnguarded`,
  );
}

function tell(guard: Guard, { tool, coverage, cannot, todo }: ToolCoverage): void {
  const { audit } = guard;
  if (audit === undefined) return;
  let known = told.get(audit);
  if (known === undefined) told.set(audit, (known = new Set()));
  const finding = JSON.stringify([tool, coverage]);
  if (known.has(finding)) return;
  known.add(finding);
  const entry = {
    action: 'tool.unguarded',
    actor: 'guard',
    tool,
    reason: `${coverage}: the guard cannot ${cannot}`,
    payload: { coverage, todo },
  };
  // A log that fails is found out by the first call, which does not run without it.
  guard.report(entry).catch(() => undefined);
}
