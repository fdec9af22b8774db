import { logEntries } from './file-entries.ts';
import { filePlace, type FilePlaceOptions } from './file-place.ts';
import type { FoundLog, LogPlace, OpenOptions } from './open-log.ts';
import { registration } from './registry.ts';
import { registryPath, slotPath } from './slots.ts';

/** Places for so many logs beside each other, with a registry that says which ones there are. */
export function slotPlaces(
  directory: string,
  count: number,
  opening: OpenOptions,
  options: FilePlaceOptions,
): readonly LogPlace[] {
  const registry = filePlace(registryPath(directory), options);
  return Array.from({ length: count }, (_, n) => {
    const slot = String(n + 1);
    const path = slotPath(directory, slot);
    const place = filePlace(path, options);
    const { arrive, leave } = registration(directory, slot, opening, registry);
    let fresh = false;
    return {
      ...place,
      open() {
        const opened = place.open();
        fresh = isFresh(path, opened.found);
        return opened;
      },
      arrive: (log) => arrive(log, fresh),
      leave: ({ log, size, head }) => leave(log, size, head),
    };
  });
}

/** A writer that ends before its log is registered leaves one in which only the log itself speaks. */
const FEW = 16;
const OF_THE_LOG: readonly string[] = ['genesis', 'recovery', 'segment', 'close'];

function isFresh(path: string, found: FoundLog | undefined): boolean {
  if (found === undefined) return true;
  if (found.chain.size > FEW) return false;
  return [...logEntries(path)].every(({ kind }) => OF_THE_LOG.includes(kind));
}
