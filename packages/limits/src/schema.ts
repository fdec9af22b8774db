/** Raised by every change of the tables. */
export const SCHEMA_VERSION = 1;

/**
 * `used` is one claim of a reservation, `account` what those of one key add up to. Keys and
 * sessions are digests: any text fits, and the file does not say who did what.
 */
export const SCHEMA = `
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1), time REAL NOT NULL, ahead REAL NOT NULL
) STRICT;
CREATE TABLE account (key TEXT PRIMARY KEY, amount INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE used (
  token TEXT NOT NULL, n INTEGER NOT NULL, key TEXT NOT NULL, amount INTEGER NOT NULL,
  length REAL NOT NULL, ends REAL NOT NULL, settled INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (token, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX used_ends ON used (ends);
CREATE TABLE history (
  session TEXT NOT NULL, event TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (session, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_at ON history (at);
CREATE TABLE stop (id INTEGER PRIMARY KEY AUTOINCREMENT, reason TEXT NOT NULL) STRICT;
`;
