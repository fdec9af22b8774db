import { GuardError } from '@guardstile/core';
import type { DatabaseSync } from 'node:sqlite';

import { type StoreKind, storeRefusal } from './store-kind.ts';

/** Makes the tables of an empty file, or makes sure that they are those of the store. */
export function prepareSchema(
  kind: StoreKind,
  path: string,
  database: DatabaseSync,
): 'made' | 'there' {
  const found = numberOf(database, 'user_version');
  const { applicationId, schema, version, writer } = kind;
  if (found === 0 && isEmpty(database)) {
    database.exec(schema);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec(`PRAGMA user_version = ${version}`);
    return 'made';
  }
  if (numberOf(database, 'application_id') !== applicationId || found < 1) {
    throw storeRefusal(
      kind,
      path,
      'is another application’s database; give the path of another file',
    );
  }
  if (found > version) {
    const what = `was written by a newer version of ${writer} (schema ${found}, this one knows ${version}); update this process`;
    throw storeRefusal(kind, path, what);
  }
  checkSchema(kind, path, database);
  return 'there';
}

/** A trigger that somebody added could undo what the store does. */
function checkSchema(kind: StoreKind, path: string, database: DatabaseSync): void {
  const made = new Set(kind.schema.split(';').map((statement) => statement.trim()));
  const rows = database
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all();
  const odd = rows.find(({ sql }) => !made.has(String(sql).trim()));
  if (odd === undefined && rows.length === made.size - 1) return;
  throw new GuardError(
    kind.tampered ?? kind.code,
    `${kind.name} ${path} has other tables, indexes or triggers than it was made with; find out who else writes there, keep it as evidence and start a new one`,
  );
}

function numberOf(database: DatabaseSync, pragma: string): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
}
