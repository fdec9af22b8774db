import { type FSWatcher, watch } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Tells when files may have changed. */
export interface FileWatcher {
  /** Watches these files in the place of those before, which are still watched where it throws. */
  watch(files: readonly string[]): void;
  /** For good. */
  close(): void;
}

/** Watches the directories, since editors put a new file in the place of the old one. */
export function fileWatcher(changed: () => void): FileWatcher {
  let closed = false;
  let watchers: readonly FSWatcher[] = [];
  const replace = (now: readonly FSWatcher[]): void => {
    for (const watcher of watchers) watcher.close();
    watchers = now;
  };
  return {
    watch(files) {
      if (closed) return;
      const directories = new Set(files.map((file) => dirname(resolve(file))));
      replace(
        Array.from(directories, (directory) =>
          watch(directory, { persistent: false }, changed).on('error', () => undefined),
        ),
      );
    },
    close() {
      closed = true;
      replace([]);
    },
  };
}
