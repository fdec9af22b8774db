import type { ChainPoint } from './chain-check.ts';
import { compactRange } from './compact-range.ts';
import { readLog } from './read-log.ts';

/**
 * The root over the first entries of a log, which is read from its beginning to there and to its mark,
 * whatever comes later; `undefined` where they are not there to be read, or do not lead to the mark.
 */
export function rootAt(path: string, size: number, mark: ChainPoint): Buffer | undefined {
  const { chain, steps, start } = readLog(path, undefined);
  if (size < start.size) return undefined;
  let root = size === start.size ? chain.tree.root() : undefined;
  for (const step of steps) {
    if ('fault' in step) return undefined;
    if (chain.size === size) root = chain.tree.root();
    if (chain.size === mark.size && !leadsTo(chain.tree.root(), mark)) return undefined;
    if (chain.size >= Math.max(size, mark.size)) return root;
  }
  return chain.size >= Math.max(size, mark.size) ? root : undefined;
}

function leadsTo(root: Buffer, { size, peaks }: ChainPoint): boolean {
  return root.equals(compactRange(size, peaks).root());
}
