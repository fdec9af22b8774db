import type { KeyObject } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { writeCheckpoint } from './checkpoint-file.ts';
import { fileStorage, type SegmentLimits } from './file-storage.ts';
import type { LogPlace } from './open-log.ts';
import { recover } from './recover.ts';
import { rootAt } from './root-at.ts';
import { segmentAt } from './segments.ts';

export interface FilePlaceOptions {
  readonly key: KeyObject;
  readonly acceptDamagedTail: boolean;
  readonly limits: SegmentLimits;
}

/** A directory as the place of a log. */
export function filePlace(directory: string, options: FilePlaceOptions): LogPlace {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    name: directory,
    lock: join(directory, 'lock'),
    open() {
      const found = recover(directory, options);
      const { segment = segmentAt(directory, 0), offset = 0 } = found ?? {};
      const storage = fileStorage({ ...options, directory, segment, offset });
      return { found, storage, mark: storage.mark };
    },
    keepCheckpoint: (note) => writeCheckpoint(directory, note),
    rootAt: (size) => rootAt(directory, size),
  };
}
