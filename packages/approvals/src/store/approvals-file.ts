import { randomUUID } from 'node:crypto';

import { isGuardError } from '@guardstile/core';
import {
  bytesOf,
  openStoreFile,
  type StoreFile,
  type StoreKind,
  storeRefusal,
} from '@guardstile/sqlite';

import { type ApprovalSeal, approvalSeal } from './approval-seal.ts';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** The file of approvals and grants, and what seals its records. */
export interface ApprovalsFile extends StoreFile {
  readonly seal: ApprovalSeal;
}

const KIND: StoreKind = {
  name: 'the approval store',
  writer: '@guardstile/approvals',
  code: 'approval_store_error',
  tampered: 'approval_tampered',
  damaged: 'restore it from a backup, and pass its audit log as the option "audit"',
  applicationId: 0x47536170, // "GSap"
  schema: SCHEMA,
  version: SCHEMA_VERSION,
};

/**
 * Opens or creates the file of approvals.
 *
 * @throws {GuardError} `approval_store_error` when it cannot be used, `options_invalid` for a key that
 * is none.
 */
export function openApprovalsFile(
  path: string,
  key: Uint8Array,
  clock: () => number,
): ApprovalsFile {
  const file = openStoreFile(KIND, path, ({ prepare }) => {
    const name = randomUUID();
    const box = approvalSeal(key, name).seal(name, 'store');
    const insert = prepare('INSERT INTO store (id, name, box, created) VALUES (1, ?, ?, ?)');
    insert.run(name, box, clock());
  });
  try {
    return { ...file, seal: approvalSeal(key, nameOf(path, file, key)) };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The name of the store, if it was made with this key. */
function nameOf(path: string, { kind, prepare, read }: StoreFile, key: Uint8Array): string {
  const row = read(() => prepare('SELECT name, box FROM store').get());
  const name = String(row?.['name']);
  try {
    if (approvalSeal(key, name).open(bytesOf(row?.['box']), 'store') === name) return name;
  } catch (error) {
    if (!isGuardError(error) || error.code !== 'approval_tampered') throw error;
  }
  throw storeRefusal(kind, path, 'was written with another key; open it with that one');
}
