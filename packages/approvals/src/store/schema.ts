/** Raised by every change of the tables. */
export const SCHEMA_VERSION = 1;

/**
 * What approvals and grants are found by, beside the sealed record. Few are pending at a time, and
 * those are what people look for: they have indexes of their own.
 */
export const SCHEMA = `
CREATE TABLE store (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, box BLOB NOT NULL, created REAL NOT NULL,
  time REAL NOT NULL DEFAULT 0, ahead REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE approval (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, aid TEXT NOT NULL UNIQUE, key TEXT NOT NULL,
  state TEXT NOT NULL, due REAL, tenant TEXT, principal TEXT, session TEXT, tool TEXT NOT NULL,
  digest TEXT NOT NULL, box BLOB NOT NULL
) STRICT;
CREATE INDEX approval_key ON approval (key);
CREATE INDEX approval_due ON approval (due) WHERE due IS NOT NULL;
CREATE INDEX approval_state ON approval (state);
CREATE INDEX approval_tenant ON approval (tenant);
CREATE INDEX approval_principal ON approval (principal);
CREATE INDEX approval_session ON approval (session);
CREATE INDEX approval_tool ON approval (tool);
CREATE INDEX approval_digest ON approval (digest);
CREATE INDEX pending_tenant ON approval (tenant) WHERE state = 'pending';
CREATE INDEX pending_principal ON approval (principal) WHERE state = 'pending';
CREATE INDEX pending_tool ON approval (tool) WHERE state = 'pending';
CREATE TABLE open_count (scope TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE standing_grant (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, gid TEXT NOT NULL UNIQUE, ends REAL NOT NULL,
  tenant TEXT, principal TEXT, tool TEXT NOT NULL, box BLOB NOT NULL
) STRICT;
CREATE INDEX grant_tenant ON standing_grant (tenant, ends);
CREATE INDEX grant_principal ON standing_grant (principal, ends);
CREATE INDEX grant_tool ON standing_grant (tool, ends);
CREATE INDEX grant_ends ON standing_grant (ends);
`;
