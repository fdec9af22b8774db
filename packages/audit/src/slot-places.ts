import { filePlace, type FilePlaceOptions } from './file-place.ts';
import { isFresh } from './is-fresh.ts';
import type { LogPlace, OpenOptions } from './open-log.ts';
import { registration } from './registry.ts';
import { registryPath, slotPath } from './slots.ts';

/** Places for so many logs beside each other, with a registry that says which ones there are. */
export function slotPlaces(
  directory: string,
  count: number,
  opening: OpenOptions,
  options: FilePlaceOptions,
): readonly LogPlace[] {
  // Small, and never given up: what it says counts as long as there is a log.
  const limits = { ...options.limits, retainBytes: Infinity, retainMs: Infinity };
  const registry = filePlace(registryPath(directory), { ...options, limits });
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
        fresh = opened.found === undefined || isFresh(path, opened.found.chain.size);
        return opened;
      },
      arrive: (log) => arrive(log, fresh),
      leave: ({ log, size, head }) => leave(log, size, head),
    };
  });
}
