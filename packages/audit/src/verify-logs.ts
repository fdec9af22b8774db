import type { KeyObject } from 'node:crypto';

import { logEntries } from './file-entries.ts';
import { isFresh } from './is-fresh.ts';
import { readLog } from './read-log.ts';
import { type Registered, readRegistry } from './registry.ts';
import { listSlots, logsIn, registryPath, slotPath } from './slots.ts';
import {
  type Against,
  againstOf,
  verifyAgainst,
  type VerifyOptions,
  type VerifyReport,
} from './verify-log.ts';

/**
 * Verifies what is at a path: one log, or those that several processes wrote into one directory,
 * their registry first. Checkpoints are compared with the log they are of; one of a log that is not
 * there says that the log is missing.
 *
 * @throws {GuardError} as `verifyLog`.
 */
export function verifyLogs(
  path: string,
  options: VerifyOptions = {},
  progress: (entries: number) => void = () => undefined,
): readonly VerifyReport[] {
  return verifyEach(path, againstOf(options, progress));
}

/** As the holder of the key does. */
export function verifyWithKey(path: string, key: KeyObject): readonly VerifyReport[] {
  return verifyEach(path, { ...againstOf({}, () => undefined), key });
}

export function verifyEach(path: string, against: Against): readonly VerifyReport[] {
  if (logsIn(path).length === 1) return [verifyAgainst(path, against)];
  const one = (at: string, registered?: Registered): VerifyReport => {
    const log = idOf(at);
    // Where another log stood says nothing about this one.
    const left = registered?.log === log ? registered?.left : undefined;
    const checkpoints = against.checkpoints.filter(({ origin }) => origin === log);
    return verifyAgainst(at, { ...against, checkpoints, left });
  };
  const registry = one(registryPath(path));
  if (registry.fault !== undefined) return [registry];
  const registered = readRegistry(logEntries(registryPath(path), {}, against.key));
  const slots = new Set([...listSlots(path), ...registered.keys()]);
  const reports = [...slots].map((slot) => {
    const at = slotPath(path, slot);
    return listSlots(path).includes(slot)
      ? agreeing(one(at, registered.get(slot)), registered.get(slot))
      : missing(at, registered.get(slot)?.log);
  });
  const found = new Set([registry, ...reports].map(({ log }) => log));
  const lost = against.checkpoints.filter(({ origin }) => !found.has(origin));
  return [registry, ...reports, ...lost.map(({ origin }) => missing(path, origin))];
}

function idOf(path: string): string | undefined {
  const [step] = readLog(path, undefined).steps;
  return step !== undefined && 'entry' in step ? step.entry.log : undefined;
}

function agreeing(report: VerifyReport, registered: Registered | undefined): VerifyReport {
  if (report.fault !== undefined || registered?.log === report.log) return report;
  // Its writer ended before it could be registered.
  if (registered === undefined && isFresh(report.path, report.entries)) return report;
  const reason =
    registered === undefined
      ? `the registry does not know the log ${report.log}`
      : `the registry says that the log ${registered.log} is here, and this is ${report.log}`;
  return tampered(report, reason);
}

function missing(path: string, log: string | undefined): VerifyReport {
  const nothing: VerifyReport = {
    outcome: 'tampered',
    path,
    log,
    entries: 0,
    evicted: 0,
    files: 0,
    head: '',
    checkpoint: undefined,
    authenticated: false,
    unknown: [],
    clockSteps: 0,
    fault: undefined,
  };
  return tampered(nothing, `the log ${log} is gone`);
}

function tampered(report: VerifyReport, reason: string): VerifyReport {
  const fault = { file: undefined, offset: undefined, seq: 0, reason };
  return { ...report, outcome: 'tampered', fault };
}
