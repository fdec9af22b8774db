import type { AuditEntry } from '@guardstile/core';

/** Columns of a CSV export, in their order. */
const COLUMNS = [
  'seq',
  'ts',
  'kind',
  'action',
  'actor',
  'user',
  'tenant',
  'session',
  'agent',
  'source',
  'tool',
  'status',
  'code',
  'rule',
  'reason',
  'rid',
  'aid',
  'attempt',
  'parent',
  'ms',
  'args',
  'hash',
] as const satisfies ReadonlyArray<keyof AuditEntry>;

/** The first line of a CSV export, with its line end (RFC 4180). */
export const CSV_HEAD: string = `${COLUMNS.join(',')}\r\n`;

/** An entry as a line of CSV. */
export function toCsv(entry: AuditEntry): string {
  return `${COLUMNS.map((name) => cell(entry[name])).join(',')}\r\n`;
}

const FORMULA = /^[=+\-@\t\r]/;

function cell(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Spreadsheets run what looks like a formula, and entries hold what a model or a user wrote.
  const inert = FORMULA.test(text) ? `'${text}` : text;
  return `"${inert.replaceAll('"', '""')}"`;
}
