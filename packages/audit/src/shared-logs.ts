import { createHash, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';

import { GuardError } from '@guardstile/core';

import type { OpenLog } from './open-log.ts';

/** A log of this process, and how many hold it. */
interface Shared {
  readonly log: OpenLog;
  readonly keyId: string;
  holders: number;
  /** Settles when its last holder has closed it; absent before that begins. */
  closing?: Promise<void>;
}

const NAME = Symbol.for('guardstile.audit.logs');

/** One list for the process, also when a development server has loaded this module many times. */
function logs(): Map<string, Shared> {
  const everywhere = globalThis as { [NAME]?: Map<string, Shared> };
  return (everywhere[NAME] ??= new Map());
}

/**
 * The log of a directory, opened once per process; closed when everybody who opened it has closed it.
 * Whoever opens it while it is being closed waits for that with its first entry.
 *
 * @throws {GuardError} `audit_locked` when it is open under another key.
 */
export function sharedLog(directory: string, key: KeyObject, open: () => OpenLog): OpenLog {
  const path = resolve(directory);
  const keyId = createHash('sha256').update(key.export()).digest('hex');
  let shared = logs().get(path);
  if (shared === undefined || shared.closing !== undefined) {
    shared = { log: shared === undefined ? open() : openLater(shared, open), keyId, holders: 0 };
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

/** The same log again, once it has been closed. */
function openLater({ log: before, closing }: Shared, open: () => OpenLog): OpenLog {
  let now = before;
  const opened = (async () => {
    // Whoever closes it is told how that ended; what is there now is looked at when it is opened.
    await closing?.catch(() => undefined);
    return (now = open());
  })();
  opened.catch(() => undefined);
  return {
    log: before.log,
    get open() {
      return now.open;
    },
    append: async (draft) => (await opened).append(draft),
    close: async () => (await opened).close(),
  };
}

function holderOf(path: string, shared: Shared): OpenLog {
  const { log } = shared;
  let closed = false;
  return {
    log: log.log,
    get open() {
      return log.open;
    },
    append: (draft) =>
      closed
        ? Promise.reject(new GuardError('audit_error', 'the audit log was closed; open it again'))
        : log.append(draft),
    async close() {
      if (closed) return;
      closed = true;
      shared.holders -= 1;
      if (shared.holders > 0) return;
      shared.closing = log.close().finally(() => {
        if (logs().get(path) === shared) logs().delete(path);
      });
      await shared.closing;
    },
  };
}
