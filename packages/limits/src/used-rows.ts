import { hash } from 'node:crypto';

import type { KeyedClaim } from '@guardstile/core';

import type { StoreFile } from './store-file.ts';

/** The tables of what is used. Everything in them is to be done within a transaction. */
export interface UsedRows {
  /** Whether there is a reservation of this token. */
  has(token: string): boolean;
  add(token: string, claims: readonly KeyedClaim[], endsOf: (claim: KeyedClaim) => number): void;
  /** How much of a key is used, by what has ended but was not forgotten too. */
  amountOf(key: string): number;
  /** Moves the end of what has not ended and is not settled. */
  renew(token: string, now: number, leaseMs: number): void;
  settle(token: string, now: number): void;
  /** Forgets what is not settled. */
  remove(token: string): void;
  /** Forgets some of what has ended; answers whether that was all. */
  forget(now: number): boolean;
}

const FORGOTTEN_AT_ONCE = 5000;

export function usedRows({ prepare }: StoreFile): UsedRows {
  const has = prepare('SELECT 1 FROM used WHERE token = ? LIMIT 1');
  const insert = prepare(
    'INSERT INTO used (token, n, key, amount, length, ends) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const amount = prepare('SELECT amount FROM account WHERE key = ?');
  const deposit = prepare(
    `INSERT INTO account (key, amount) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET amount = amount + excluded.amount`,
  );
  const withdraw = prepare('UPDATE account SET amount = amount - ? WHERE key = ?');
  const close = prepare('DELETE FROM account WHERE key = ? AND amount = 0');
  const renew = prepare(
    `UPDATE used SET ends = max(ends, ?2 + max(length, ?3))
     WHERE token = ?1 AND settled = 0 AND ends > ?2`,
  );
  const settle = prepare(
    `UPDATE used SET settled = 1, ends = ?2 + length
     WHERE token = ?1 AND settled = 0 AND ends > ?2`,
  );
  const unsettled = prepare('SELECT key, amount FROM used WHERE token = ? AND settled = 0');
  const remove = prepare('DELETE FROM used WHERE token = ? AND settled = 0');
  const ended = prepare(
    `SELECT token, n, key, amount FROM used WHERE ends <= ? LIMIT ${FORGOTTEN_AT_ONCE}`,
  );
  const erase = prepare('DELETE FROM used WHERE token = ? AND n = ?');

  function takeBack(row: Readonly<Record<string, unknown>>): void {
    const key = String(row['key']);
    withdraw.run(Number(row['amount']), key);
    close.run(key);
  }

  return {
    has: (token) => has.get(digestOf(token)) !== undefined,
    add(token, claims, endsOf) {
      const name = digestOf(token);
      for (const [n, claim] of claims.entries()) {
        const key = digestOf(claim.key);
        insert.run(name, n, key, claim.amount, claim.windowMs, endsOf(claim));
        deposit.run(key, claim.amount);
      }
    },
    amountOf: (key) => Number(amount.get(digestOf(key))?.['amount'] ?? 0),
    renew: (token, now, leaseMs) => void renew.run(digestOf(token), now, leaseMs),
    settle: (token, now) => void settle.run(digestOf(token), now),
    remove(token) {
      const name = digestOf(token);
      for (const row of unsettled.all(name)) takeBack(row);
      remove.run(name);
    },
    forget(now) {
      const rows = ended.all(now);
      for (const row of rows) {
        takeBack(row);
        erase.run(String(row['token']), Number(row['n']));
      }
      return rows.length < FORGOTTEN_AT_ONCE;
    },
  };
}

/** JSON writes what SQLite would not tell apart, such as halves of surrogate pairs. */
function digestOf(text: string): string {
  return hash('sha256', JSON.stringify(text), 'base64url');
}
