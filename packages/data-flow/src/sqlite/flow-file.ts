import { digest, type SessionKey } from '@guardstile/core';
import { openStoreFile, type StoreFile, type StoreKind } from '@guardstile/sqlite';

const KIND: StoreKind = {
  name: 'the data flow file',
  writer: '@guardstile/data-flow',
  code: 'flow_error',
  damaged: 'move it away, and begin new sessions with a new one',
  applicationId: 0x4753_6466, // "GSdf"
  schema: `CREATE TABLE record (
      session TEXT NOT NULL,
      position INTEGER NOT NULL,
      record TEXT NOT NULL,
      PRIMARY KEY (session, position)
    ) STRICT;
    CREATE TABLE label (
      session TEXT NOT NULL,
      label TEXT NOT NULL,
      PRIMARY KEY (session, label)
    ) STRICT;`,
  version: 1,
};

/** The file, as far as it is used here: what is around it knows nothing of Node. */
export interface FlowFile extends Pick<StoreFile, 'read' | 'write' | 'close'> {
  prepare(sql: string): Statement;
}

type Value = string | number;
type Row = Readonly<Record<string, unknown>>;

interface Statement {
  get(...values: readonly Value[]): Row | undefined;
  all(...values: readonly Value[]): readonly Row[];
  run(...values: readonly Value[]): unknown;
}

/**
 * Opens or creates the file that sessions and their labels share.
 *
 * @throws {GuardError} `flow_error` when it cannot be used.
 */
export function openFlowFile(path: string): FlowFile {
  const { prepare, read, write, close } = openStoreFile(KIND, path);
  const file: FlowFile = {
    prepare: (sql) => prepare(sql) as Statement, // Node's, which has these methods
    read,
    write,
    close,
  };
  const secureDelete = file.prepare('PRAGMA secure_delete = ON');
  // What is deleted is overwritten.
  file.read(() => secureDelete.all());
  return file;
}

/** Whose rows: what people and sessions are called is nobody's business there. */
export function rowsOf({ tenant, principal, session }: SessionKey): string {
  return digest('session', [tenant ?? null, principal ?? null, session ?? null]);
}
