import { closeSync, openSync, statSync } from 'node:fs';

import { GuardError } from '@guardstile/core';

import type { StoreKind } from './store-kind.ts';

/** Makes sure that there is a file that only its owner reads; what is there stays. */
export function createPrivately({ name, code }: StoreKind, path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (cause) {
    // A file that can only be read is SQLite's to refuse.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
    throw new GuardError(
      code,
      `${name} ${path} cannot be created (${cause instanceof Error ? cause.message : String(cause)}); make sure that its directory exists and can be written`,
      { cause },
    );
  }
}
