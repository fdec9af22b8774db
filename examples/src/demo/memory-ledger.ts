import { randomBytes } from 'node:crypto';
import { type AuditEntry, memoryAudit, verifyChain } from '@guardstile/core';

import { type Finding, forgeryOf, type Ledger } from './ledger.ts';

/** A log that ends with the demo. */
export function memoryLedger(): Ledger {
  const key = randomBytes(32);
  const audit = memoryAudit({ key });
  const entries = (): readonly AuditEntry[] => audit.query() as readonly AuditEntry[]; // in memory

  function verified(): Finding {
    const result = verifyChain(entries(), key);
    const words = result.ok
      ? `${result.entries} entries, each link and each MAC; head ${result.head.slice(0, 16)}…`
      : `no: entry ${result.seq}: ${result.reason}`;
    return { ok: result.ok, words };
  }

  async function tampered(): Promise<Finding> {
    const forgery = forgeryOf(entries());
    if (forgery === undefined) return { ok: true, words: 'nothing was decided' };
    const { target, action } = forgery;
    const copy = entries().map((entry) => (entry === target ? { ...entry, action } : entry));
    const result = verifyChain(copy, key);
    const found = result.ok ? 'not noticed' : `noticed at ${result.seq}, ${result.reason}`;
    return { ok: !result.ok, words: `copy with ${action} as entry ${target.seq}: ${found}` };
  }

  const words = 'in memory; --audit PATH keeps it on disk';
  return { audit, words, files: [], entries, verified, tampered };
}
