import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { type AuditEntry, GuardError, isGuardError } from '@guardstile/core';

import { logEntries } from './file-entries.ts';
import { type OpenLog, openLog, type LogPlace, type OpenOptions } from './open-log.ts';
import { holdsLog, registryPath } from './slots.ts';

/** What a registry says of the log in one slot. */
export interface Registered {
  readonly slot: string;
  readonly log: string;
  /** Where it stood when its writer closed it last. */
  readonly left: { readonly size: number; readonly head: string } | undefined;
}

/** The logs that were registered, by slot, from the entries of the registry. */
export function readRegistry(entries: Iterable<AuditEntry>): ReadonlyMap<string, Registered> {
  const registered = new Map<string, Registered>();
  for (const { action, payload } of entries) {
    if (action !== 'log.registered' && action !== 'log.left') continue;
    const { slot, log, size, head } = payload as Said; // as a registry's writer wrote it
    registered.set(slot, { slot, log, left: action === 'log.left' ? { size, head } : undefined });
  }
  return registered;
}

interface Said {
  readonly slot: string;
  readonly log: string;
  readonly size: number;
  readonly head: string;
}

/** What a log in a slot tells its registry. */
export interface Registration {
  /**
   * Called when the log has its first entry, and before any call counts.
   *
   * @throws {GuardError} `audit_rolled_back` when a log that was registered is not there.
   */
  arrive(log: string, fresh: boolean): Promise<void>;
  /** Called when it was closed. */
  leave(log: string, size: number, head: string): Promise<void>;
}

export function registration(
  directory: string,
  slot: string,
  options: OpenOptions,
  place: LogPlace,
): Registration {
  /** One process at a time, each for a moment. */
  async function say(action: string, payload: object): Promise<void> {
    const registry = await opened(place, options);
    try {
      await registry.append({ kind: 'application', action, actor: 'guard', payload });
    } finally {
      await registry.close();
    }
  }

  async function known(): Promise<ReadonlyMap<string, Registered>> {
    const path = registryPath(directory);
    if (!existsSync(path)) return new Map();
    try {
      return readRegistry(logEntries(path, {}, options.key));
    } catch {
      // Its last writer may have ended in the middle of a line: opening it puts that aside, or refuses.
      await (await opened(place, options)).close();
      return readRegistry(logEntries(path, {}, options.key));
    }
  }

  return {
    async arrive(log, fresh) {
      const logs = await known();
      for (const one of logs.values()) {
        if (!holdsLog(directory, one.slot)) {
          throw gone(directory, `the log ${one.log} of slot ${one.slot}`);
        }
      }
      const before = logs.get(slot);
      if (before === undefined && !fresh) throw gone(directory, `what registers the log ${log}`);
      if (before === undefined) await say('log.registered', { slot, log });
      else if (before.log !== log) throw gone(directory, `the log ${before.log} of slot ${slot}`);
    },
    leave: (log, size, head) => say('log.left', { slot, log, size, head }),
  };
}

async function opened(place: LogPlace, options: OpenOptions): Promise<OpenLog> {
  const until = performance.now() + options.limits.deadlineMs;
  for (;;) {
    try {
      return openLog([place], options);
    } catch (error) {
      const busy = isGuardError(error) && error.code === 'audit_locked';
      if (!busy || performance.now() > until) throw error;
    }
    await sleep(5 + Math.random() * 20);
  }
}

function gone(directory: string, what: string): GuardError {
  return new GuardError(
    'audit_rolled_back',
    `${what} is gone from ${directory}; restore it, or keep what is there as evidence and start elsewhere`,
  );
}
