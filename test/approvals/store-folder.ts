import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import {
  type SqliteApprovals,
  sqliteApprovals,
  type SqliteApprovalsOptions,
} from '@guardstile/approvals';
import { isGuardError } from '@guardstile/core';
import { onTestFinished } from 'vitest';

/** A folder with one store, for one test. */
export interface StoreFolder {
  readonly folder: string;
  readonly path: string;
  readonly key: Buffer;
  open(options?: Partial<SqliteApprovalsOptions>): SqliteApprovals;
  /** What somebody does who can write the file, and has no key. */
  tamper(...statements: readonly string[]): void;
}

/** On a file system in memory, where there is one: whether the disk is waited for is tested elsewhere. */
export function storeFolder(): StoreFolder {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(base, 'guardstile-approvals-'));
  const path = join(folder, 'approvals.db');
  const key = randomBytes(32);
  const opened: SqliteApprovals[] = [];
  onTestFinished(() => {
    for (const store of opened) closeQuietly(store);
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    path,
    key,
    open(options = {}) {
      const store = sqliteApprovals(path, { key, ...options });
      opened.push(store);
      return store;
    },
    tamper(...statements) {
      const database = new DatabaseSync(path, { timeout: 5000 });
      for (const statement of statements) database.exec(statement);
      database.close();
    },
  };
}

function closeQuietly(store: SqliteApprovals): void {
  try {
    store.close();
  } catch {
    // The test closed it.
  }
}

/** The code of what is refused; what it answers otherwise. */
export async function codeOf(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    if (isGuardError(error)) return error.code;
    throw error;
  }
}
