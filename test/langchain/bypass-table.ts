import { createGuard } from '@guardstile/core';
import { guardTool } from '@guardstile/langchain';
import type { EntryPoint } from './entry-points.ts';
import type { ToolKind } from './tool-kinds.ts';

/** What happens with a tool of some kind through some entry point. */
export interface Cell {
  readonly kind: string;
  readonly entry: string;
  /** How often the body started: without a guard, behind one that allows, behind one that denies. */
  readonly plain: number;
  readonly allowed: number;
  readonly denied: number;
  /** What the two guards wrote down. */
  readonly allowedTrail: readonly string[];
  readonly deniedTrail: readonly string[];
}

/** Every kind of tool through every entry point, each by its effect. */
export async function measureBypasses(
  kinds: readonly ToolKind[],
  entries: readonly EntryPoint[],
): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const kind of kinds) {
    for (const entry of entries) cells.push(await measure(kind, entry));
  }
  return cells;
}

async function measure(kind: ToolKind, entry: EntryPoint): Promise<Cell> {
  const plain = await kind.make();
  await Promise.allSettled([entry.run(plain.tool, kind.args)]);
  const allowed = await behind(kind, entry, 'allow');
  const denied = await behind(kind, entry, 'deny');
  return {
    kind: kind.name,
    entry: entry.name,
    plain: plain.runs(),
    allowed: allowed.runs,
    denied: denied.runs,
    allowedTrail: allowed.trail,
    deniedTrail: denied.trail,
  };
}

async function behind(kind: ToolKind, entry: EntryPoint, verdict: 'allow' | 'deny') {
  const { tool, runs } = await kind.make();
  const guard = createGuard({ policy: () => verdict });
  await Promise.allSettled([entry.run(guardTool(tool, guard), kind.args)]);
  await guard.close();
  const entries = (await guard.audit?.query()) ?? [];
  const trail = entries
    .filter(({ kind: about }) => about === 'decision')
    .map(({ action }) => action);
  return { runs: runs(), trail };
}

/** The cells as the table of the README. */
export function bypassTable(cells: readonly Cell[]): string {
  const kinds = [...new Set(cells.map(({ kind }) => kind))];
  const entries = [...new Set(cells.map(({ entry }) => entry))];
  const row = (first: string, rest: readonly string[]): string =>
    `| ${[first, ...rest].join(' | ')} |`;
  const body = kinds.map((kind) => {
    const own = new Map(
      cells.filter((cell) => cell.kind === kind).map((cell) => [cell.entry, cell]),
    );
    return row(
      kind,
      entries.map((entry) => markOf(own.get(entry))),
    );
  });
  return [
    row('', entries),
    row(
      '---',
      entries.map(() => '---'),
    ),
    ...body,
  ].join('\n');
}

function markOf(cell: Cell | undefined): string {
  if (cell === undefined) return '?';
  if (cell.denied > 0) return 'BYPASS';
  return cell.allowed === 0 ? '–' : 'guarded';
}
