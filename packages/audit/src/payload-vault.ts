import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { GuardError } from '@guardstile/core';

import { createDirectory, createPrivately } from './durable-file.ts';
import { commit, type SealedPayload } from './seal-payload.ts';
import { inTransaction } from './sqlite-rows.ts';

/** Keeps what entries only commit to, encrypted under a key per subject. */
export interface PayloadVault {
  /** On disk when it returns. */
  keep(payloads: readonly SealedPayload[]): void;
  /**
   * What was committed to; `undefined` when it was erased.
   *
   * @throws {GuardError} `audit_tampered` when it is not that.
   */
  reveal(commitment: string): unknown;
  /** By what name the log speaks of a subject, and how many payloads it has. */
  describe(subject: string): { readonly subject: string; readonly payloads: number };
  /** Deletes the subject's payloads and the salt of its key: no copy of them can be read any more. */
  erase(subject: string): void;
  /** Ends the connection that `keep` opened. */
  close(): void;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS subject (id TEXT PRIMARY KEY, salt BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS payload (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL, iv BLOB NOT NULL, box BLOB NOT NULL, tag BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS payload_subject ON payload (subject);
`;

const CIPHER = 'aes-256-gcm';

export function payloadVault(path: string, key: KeyObject): PayloadVault {
  const idOf = (subject: string): string =>
    createHmac('sha256', key).update(`guardstile/subject/v1\n${subject}`).digest('hex');

  let writing: DatabaseSync | undefined;

  function using<T>(work: (database: DatabaseSync) => T): T {
    const database = openVault(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  function keyOf(salt: Uint8Array): Buffer {
    return Buffer.from(hkdfSync('sha256', key, salt, 'guardstile/payload/v1', 32));
  }

  function insert(
    database: DatabaseSync,
    { subject, commitment, salt, text }: SealedPayload,
  ): void {
    const id = idOf(subject);
    database.prepare('INSERT OR IGNORE INTO subject VALUES (?, ?)').run(id, randomBytes(32));
    const row = database.prepare('SELECT salt FROM subject WHERE id = ?').get(id);
    const iv = randomBytes(12);
    const cipher = createCipheriv(CIPHER, keyOf(bytesOf(row?.['salt'])), iv);
    cipher.setAAD(Buffer.from(commitment));
    const box = Buffer.concat([cipher.update(salt), cipher.update(text), cipher.final()]);
    database
      .prepare('INSERT OR REPLACE INTO payload VALUES (?, ?, ?, ?, ?)')
      .run(commitment, id, iv, box, cipher.getAuthTag());
  }

  function open(row: Readonly<Record<string, unknown>>, commitment: string): unknown {
    try {
      const decipher = createDecipheriv(CIPHER, keyOf(bytesOf(row['salt'])), bytesOf(row['iv']));
      decipher.setAAD(Buffer.from(commitment)).setAuthTag(bytesOf(row['tag']));
      const plain = Buffer.concat([decipher.update(bytesOf(row['box'])), decipher.final()]);
      const text = plain.toString('utf8', 16);
      if (commit(plain.subarray(0, 16), text) === commitment) return JSON.parse(text);
    } catch {
      // Below: it is not what was committed to.
    }
    throw new GuardError(
      'audit_tampered',
      `the payload ${commitment} is not what its entry commits to, or another key is needed; keep it as evidence`,
    );
  }

  return {
    keep(payloads) {
      if (payloads.length === 0) return;
      writing ??= openVault(path);
      const database = writing;
      inTransaction(database, () => {
        for (const payload of payloads) insert(database, payload);
      });
    },
    reveal(commitment) {
      if (!existsSync(path)) return undefined;
      return using((database) => {
        const row = database
          .prepare(
            'SELECT * FROM payload JOIN subject ON subject.id = subject WHERE payload.id = ?',
          )
          .get(commitment);
        return row === undefined ? undefined : open(row, commitment);
      });
    },
    describe: (subject) =>
      using((database) => {
        const id = idOf(subject);
        const row = database
          .prepare('SELECT count(*) AS payloads FROM payload WHERE subject = ?')
          .get(id);
        return { subject: id, payloads: Number(row?.['payloads']) };
      }),
    erase(subject) {
      using((database) => {
        const id = idOf(subject);
        inTransaction(database, () => {
          database.prepare('DELETE FROM payload WHERE subject = ?').run(id);
          database.prepare('DELETE FROM subject WHERE id = ?').run(id);
        });
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      });
    },
    close() {
      writing?.close();
      writing = undefined;
    },
  };
}

function openVault(path: string): DatabaseSync {
  createDirectory(dirname(path));
  createPrivately(path);
  const database = new DatabaseSync(path, { timeout: 5000 });
  // What is deleted is overwritten.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
  database.exec(SCHEMA);
  return database;
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}
