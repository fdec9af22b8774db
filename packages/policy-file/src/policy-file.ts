import { ownOptions } from '@guardstile/core';

import type { Widening } from './check-change.ts';
import { changingPolicy } from './changing-policy.ts';
import { fileWatcher } from './file-watcher.ts';
import type { FilePolicy, LoadOptions } from './load-policy.ts';
import { readVersion } from './policy-version.ts';
import { type InUse, type Reload, reloadPolicy } from './reload-policy.ts';

export interface PolicyFileOptions extends Omit<LoadOptions, 'examples'> {
  /** Reloads by itself when one of its files changes. @default false: call `reload()` */
  readonly watch?: boolean;
  /**
   * What a reload that widens needs: a `revision` above the one in use with a detached signature
   * (`FILE.sig`, see `signPolicy`) that this public key verifies, or nothing.
   *
   * @default such a reload is refused
   */
  readonly widening?: Widening;
  /** Told what became of every reload, those by itself included. */
  readonly onReload?: (reload: Reload) => void;
}

const OPTIONS: ReadonlyArray<keyof PolicyFileOptions> = [
  'sets',
  'env',
  'tools',
  'report',
  'watch',
  'widening',
  'onReload',
];

/** A policy file in use. */
export interface PolicyFile extends FilePolicy {
  /** The files it was read from, which no tool should reach. */
  readonly files: readonly string[];
  /** Reads the files again. An invalid file, or one that may not widen, changes nothing. */
  reload(): Promise<Reload>;
  /** Stops watching. */
  close(): void;
}

/**
 * The policy of a file, which can change while it is in use. A reload takes effect once every guard
 * that has this policy wrote it into its log.
 *
 * @example
 * const policy = await policyFile('policies/support.yaml', { watch: true });
 * const guard = createGuard({ policy });
 *
 * @throws {GuardError} `policy_invalid` for a file that is invalid, or whose tests fail.
 */
export async function policyFile(path: string, given: PolicyFileOptions = {}): Promise<PolicyFile> {
  const options = ownOptions('policyFile', given, OPTIONS, 'options_invalid');
  const inUse: InUse = { version: await readVersion(path, options), listeners: new Set() };
  let last: Promise<unknown> = Promise.resolve();
  let noticed = false;

  const reload = (): Promise<Reload> => {
    const done = last.then(async () => {
      noticed = false;
      const result = await reloadPolicy(path, inUse, options);
      if (options.watch === true && result.outcome === 'changed') ignoreFailure(watchFiles);
      ignoreFailure(() => options.onReload?.(result));
      return result;
    });
    last = done;
    return done;
  };

  // One change is several events; whatever comes before the files are read is seen then.
  const watcher = fileWatcher(() => {
    if (noticed) return;
    noticed = true;
    void reload();
  });
  const watchFiles = (): void => watcher.watch(inUse.version.file.files);
  if (options.watch === true) watchFiles();

  return Object.assign(changingPolicy(inUse), { reload, close: watcher.close });
}

/** Who listens decides nothing, and what was watched before still is. */
function ignoreFailure(task: () => void): void {
  try {
    task();
  } catch {
    // The reload itself is done.
  }
}
