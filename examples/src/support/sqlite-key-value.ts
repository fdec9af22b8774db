import { DatabaseSync } from 'node:sqlite';

import type { KeyValue } from './key-value.ts';

/** A key-value service in a file, shared by processes as a real one is by machines. */
export function sqliteKeyValue(path: string): KeyValue & { close(): void } {
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS pair (key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL)`);
  const select = database.prepare('SELECT value, version FROM pair WHERE key = ?');
  const insert = database.prepare('INSERT INTO pair VALUES (?, ?, 1) ON CONFLICT DO NOTHING');
  const update = database.prepare(
    'UPDATE pair SET value = ?, version = version + 1 WHERE key = ? AND version = ?',
  );
  const remove = database.prepare('DELETE FROM pair WHERE key = ? AND version = ?');
  const list = database.prepare(
    'SELECT key FROM pair WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?',
  );
  return {
    get(key) {
      const row = select.get(key);
      if (row === undefined) return Promise.resolve(undefined);
      return Promise.resolve({ value: String(row['value']), version: String(row['version']) });
    },
    put(key, value, version) {
      const { changes } =
        version === undefined ? insert.run(key, value) : update.run(value, key, Number(version));
      return Promise.resolve(changes === 1);
    },
    delete: (key, version) => Promise.resolve(remove.run(key, Number(version)).changes === 1),
    keys(prefix, { after = '', limit }) {
      const rows = list.all(after, prefix, `${prefix}\u{10ffff}`, limit);
      return Promise.resolve(rows.map((row) => String(row['key'])));
    },
    close: () => database.close(),
  };
}
