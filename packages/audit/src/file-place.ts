import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';

import { writeCheckpoint } from './checkpoint-file.ts';
import { createDirectory } from './durable-file.ts';
import { evictSegments, type RetentionLimits } from './evict-segments.ts';
import { fileStorage, type SegmentLimits } from './file-storage.ts';
import type { LogPlace } from './open-log.ts';
import { recover } from './recover.ts';
import { rootAt } from './root-at.ts';

export interface FilePlaceOptions {
  readonly key: KeyObject;
  readonly acceptDamagedTail: boolean;
  readonly limits: SegmentLimits & RetentionLimits;
}

/** A directory as the place of a log. */
export function filePlace(directory: string, options: FilePlaceOptions): LogPlace {
  const damagedTail = options.acceptDamagedTail ? 'cut' : 'refuse';
  return {
    name: directory,
    lock: join(directory, 'lock'),
    create: () => createDirectory(directory),
    open() {
      const { key } = options;
      const { found, dropped } = recover(directory, { key, tornTail: 'cut', damagedTail });
      const storage = fileStorage({ ...options, directory, at: found });
      return { found, dropped, storage, mark: storage.mark };
    },
    keepCheckpoint: (note) => writeCheckpoint(directory, note),
    evict: (anchored, now) => evictSegments(directory, { ...options, anchored, now }),
    rootAt: (size, mark) => rootAt(directory, size, mark),
  };
}
