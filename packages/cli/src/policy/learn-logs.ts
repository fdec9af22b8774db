import { readFileSync, statSync } from 'node:fs';

import { fileEntries, type VerifyReport, verifyLogs } from '@guardstile/audit';
import { type AuditEntry, GuardError, isGuardError, visible } from '@guardstile/core';
import { type FilePolicy, loadPolicy } from '@guardstile/policy-file';

import type { ExitCode, Io } from '../io.ts';

/** Logs that were verified. */
export interface VerifiedLogs {
  /** From the first entry on, each time it is called; one entry at a time. */
  readonly entries: () => Generator<AuditEntry>;
  readonly reports: readonly VerifyReport[];
  /** Whether every entry was written with the key. */
  readonly authenticated: boolean;
}

/**
 * Verifies logs, and reads them.
 *
 * @throws {GuardError} `audit_tampered`, or `options_invalid` for what is no log.
 */
export function verifiedLogs(paths: readonly string[], hmacKeyFile?: string): VerifiedLogs {
  const key = hmacKeyFile === undefined ? {} : { key: readText(hmacKeyFile).trim() };
  const reports = paths.flatMap((path) => reading(path, () => verifyLogs(path, key)));
  for (const { path, outcome, fault, log } of reports) {
    if (outcome !== 'tampered') {
      if (log === undefined) throw noLog(path, 'it holds no entry');
      continue;
    }
    throw new GuardError(
      'audit_tampered',
      `${path}: entry ${fault?.seq ?? 0}: ${fault?.reason ?? 'it is not as it was written'}; nothing is concluded from it: verify the log and keep it as evidence`,
    );
  }
  return {
    reports,
    authenticated: key.key !== undefined,
    *entries() {
      for (const path of paths) yield* fileEntries(path);
    },
  };
}

function reading<T>(path: string, read: () => T): T {
  try {
    statSync(path);
    return read();
  } catch (error) {
    if (isGuardError(error)) throw error;
    throw noLog(path, messageOf(error), error);
  }
}

/** A log that is not there says nothing, and must not pass for one that objects to nothing. */
function noLog(path: string, why: string, cause?: unknown): GuardError {
  return new GuardError(
    'options_invalid',
    `${path} cannot be read as a log: ${why}; pass the directory of a file log or the database of a SQLite log`,
    { cause },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new GuardError('options_invalid', `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** What policy files state of tools. */
export function factsOfFiles(files: readonly string[] = []): FilePolicy['facts'] {
  const stated = files.flatMap((file) =>
    Object.entries(loadPolicy(file, { examples: true }).facts),
  );
  return Object.fromEntries(stated);
}

/** A log was tampered with. */
const TAMPERED: ExitCode = 5;

/** Runs a command that concludes nothing from logs that were tampered with. */
export async function refusingTampered(io: Io, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (!isGuardError(error) || error.code !== 'audit_tampered') throw error;
    io.error(`guardstile: ${error.message} [${error.code}]\n`);
    return TAMPERED;
  }
}

/** What of logs was verified, one line each. */
export function describeLogs({ reports, authenticated }: VerifiedLogs): readonly string[] {
  return [
    ...reports.map(
      ({ path, log, entries, evicted }) =>
        `${visible(path)}: ${entries} entries of ${visible(log ?? 'no log')}${evicted === 0 ? '' : `, the first ${evicted} given up`}`,
    ),
    authenticated
      ? 'every entry was written with the key; whether entries at the end are missing was not checked'
      : 'the chain of entries is whole; who wrote them was not checked (pass --hmac-key-file), nor whether entries at the end are missing',
  ];
}
