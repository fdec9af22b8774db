import { GuardError, type GuardErrorCode } from '@guardstile/core';

/** What a store keeps in its files, and how it speaks of them. */
export interface StoreKind {
  /** What an error calls it, before its path: "the approval store". */
  readonly name: string;
  /** The package that writes it. */
  readonly writer: string;
  /** Code of whatever fails. */
  readonly code: GuardErrorCode;
  /** Code where somebody else changed its tables. @default `code` */
  readonly tampered?: GuardErrorCode;
  /** What to do about a damaged file. */
  readonly damaged: string;
  /** SQLite's `application_id`: what tells its files from other databases. */
  readonly applicationId: number;
  /** Its tables and indexes, each statement with a semicolon at its end and none within. */
  readonly schema: string;
  /** Raised by every change of the schema. */
  readonly version: number;
}

/** That a store refuses its file: `what` says why, and what to do. */
export function storeRefusal({ name, code }: StoreKind, path: string, what: string): GuardError {
  return new GuardError(code, `${name} ${path} ${what}`);
}
