import type { ClockMark, KeyedClaim } from '@guardstile/core';
import { markOf, type StoreFile } from '@guardstile/sqlite';

/** A claim whose key is a digest, as all tokens are here. */
export type DigestedClaim = KeyedClaim;

/** What a reservation starts from. */
export interface Look {
  /** Whether there is one of this token already. */
  readonly isKnown: boolean;
  /** When the first of all ends. */
  readonly next: number;
  /** How much of the key is used, by what has ended but was not forgotten too. */
  readonly amount: number;
  /** How far the store's clock had come. */
  readonly mark: ClockMark;
}

/** The tables of what is used. Everything in them is to be done within a transaction. */
export interface UsedRows {
  look(token: string, key: string): Look;
  add(
    token: string,
    claims: readonly DigestedClaim[],
    endsOf: (claim: DigestedClaim) => number,
  ): void;
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
  // One statement costs less than four.
  const look = prepare(
    `SELECT EXISTS (SELECT 1 FROM used WHERE token = ?) AS known, (SELECT min(ends) FROM used) AS next,
     (SELECT amount FROM account WHERE key = ?) AS amount,
     (SELECT time FROM clock) AS time, (SELECT ahead FROM clock) AS ahead`,
  );
  const insert = prepare(
    'INSERT INTO used (token, n, key, amount, length, ends) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const balance = prepare('SELECT amount FROM account WHERE key = ?');
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
    look(token, key) {
      const row = look.get(token, key);
      return {
        isKnown: row?.['known'] === 1,
        next: Number(row?.['next'] ?? Infinity),
        amount: Number(row?.['amount'] ?? 0),
        mark: markOf(row),
      };
    },
    add(token, claims, endsOf) {
      for (const [n, claim] of claims.entries()) {
        const { key, amount, windowMs } = claim;
        insert.run(token, n, key, amount, windowMs, endsOf(claim));
        deposit.run(key, amount);
      }
    },
    amountOf: (key) => Number(balance.get(key)?.['amount'] ?? 0),
    renew: (token, now, leaseMs) => void renew.run(token, now, leaseMs),
    settle: (token, now) => void settle.run(token, now),
    remove(token) {
      for (const row of unsettled.all(token)) takeBack(row);
      remove.run(token);
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
