import type { AuditEntry } from '@guardstile/core';

/** What a log says of one tool. */
export interface ToolStats {
  readonly tool: string;
  readonly allowed: number;
  readonly denied: number;
  readonly asked: number;
  /** Bodies that did not end well. */
  readonly failed: number;
  /** Median time of bodies, in milliseconds. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** How often each rule decided. */
  readonly rules: Readonly<Record<string, number>>;
}

interface Counting {
  allowed: number;
  denied: number;
  asked: number;
  failed: number;
  readonly times: number[];
  readonly rules: Map<string, number>;
}

/** Counts entries by tool, in the order of their names. */
export function statsOf(
  entries: Iterable<AuditEntry>,
  asked: (entry: AuditEntry) => boolean,
): readonly ToolStats[] {
  const tools = new Map<string, Counting>();
  for (const entry of entries) {
    if (entry.tool === undefined || !asked(entry)) continue;
    let counting = tools.get(entry.tool);
    if (counting === undefined) tools.set(entry.tool, (counting = nothing()));
    count(counting, entry);
  }
  return [...tools]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([tool, { times, rules, ...counts }]) => {
      times.sort((a, b) => a - b);
      return {
        tool,
        ...counts,
        p50: quantile(times, 0.5),
        p99: quantile(times, 0.99),
        rules: Object.fromEntries(rules),
      };
    });
}

function nothing(): Counting {
  return { allowed: 0, denied: 0, asked: 0, failed: 0, times: [], rules: new Map() };
}

function count(counting: Counting, { action, rule, status, ms }: AuditEntry): void {
  if (action === 'tool.allow') counting.allowed += 1;
  if (action === 'tool.deny') counting.denied += 1;
  if (action === 'tool.ask') counting.asked += 1;
  if (rule !== undefined) counting.rules.set(rule, (counting.rules.get(rule) ?? 0) + 1);
  if (action !== 'tool.outcome') return;
  if (status !== 'ok') counting.failed += 1;
  if (ms !== undefined) counting.times.push(ms);
}

function quantile(sorted: readonly number[], q: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}
