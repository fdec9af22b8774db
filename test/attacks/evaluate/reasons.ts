import type { Evaluation } from './evaluation.ts';

/** Why calls for the user were not allowed, most frequent first. */
export function reasonsOf({ rows }: Evaluation): string {
  const counts = new Map<string, number>();
  for (const { suite, runs } of rows) {
    for (const { user, attacked, calls } of runs) {
      for (const { tool, verdict, injected, reason } of calls) {
        if (injected || reason === undefined) continue;
        const kind = attacked ? 'attacked' : 'benign';
        const key = `${suite} ${user} ${kind} ${verdict} ${tool}: ${reason}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  const lines = [...counts].sort(([, a], [, b]) => b - a);
  return lines.map(([reason, count]) => `${String(count).padStart(5)}  ${reason}`).join('\n');
}
