import { treeUse } from './process-tree.ts';

/** What a call may use of the machine, as seen from outside. */
export interface Ceiling {
  readonly rssMb: number;
  /** Processes at once, the first included. */
  readonly processes: number;
}

const EVERY_MS = 25;

/** Watches a process with its descendants; returns how to stop. */
export function watch(
  pid: number | undefined,
  ceiling: Ceiling,
  exceeded: (what: 'memory' | 'processes') => void,
): () => void {
  if (pid === undefined || process.platform !== 'linux') return () => undefined;
  const timer = setInterval(() => {
    const use = treeUse(pid, ceiling.processes);
    if (use === undefined) return;
    if (use.processes > ceiling.processes) exceeded('processes');
    else if (use.rssBytes > ceiling.rssMb * 1_048_576) exceeded('memory');
  }, EVERY_MS);
  return () => clearInterval(timer);
}
