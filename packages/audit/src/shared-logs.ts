import { createHash, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';

import { GuardError } from '@guardstile/core';

import type { OpenLog } from './open-log.ts';

/** A log of this process, and how many hold it. */
interface Shared {
  readonly log: OpenLog;
  readonly keyId: string;
  holders: number;
}

const NAME = Symbol.for('guardstile.audit.logs');

/** One list for the process, also when a development server has loaded this module many times. */
function logs(): Map<string, Shared> {
  const everywhere = globalThis as { [NAME]?: Map<string, Shared> };
  return (everywhere[NAME] ??= new Map());
}

/**
 * The log of a directory, opened once per process; closed when everybody who opened it has closed it.
 *
 * @throws {GuardError} `audit_locked` when it is open under another key.
 */
export function sharedLog(directory: string, key: KeyObject, open: () => OpenLog): OpenLog {
  const path = resolve(directory);
  const keyId = createHash('sha256').update(key.export()).digest('hex');
  let shared = logs().get(path);
  if (shared === undefined) {
    shared = { log: open(), keyId, holders: 0 };
    logs().set(path, shared);
  } else if (shared.keyId !== keyId) {
    throw new GuardError(
      'audit_locked',
      `this process writes the log in ${directory} under another key; close it first, or use another directory`,
    );
  }
  shared.holders += 1;
  return holderOf(path, shared);
}

function holderOf(path: string, shared: Shared): OpenLog {
  let closed = false;
  return {
    ...shared.log,
    append: (draft) =>
      closed
        ? Promise.reject(new GuardError('audit_error', 'the audit log was closed; open it again'))
        : shared.log.append(draft),
    async close() {
      if (closed) return;
      closed = true;
      shared.holders -= 1;
      if (shared.holders > 0) return;
      logs().delete(path);
      await shared.log.close();
    },
  };
}
