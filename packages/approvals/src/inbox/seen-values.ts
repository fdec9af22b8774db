import type { Approval, AuditLog } from '@guardstile/core';

import type { Voter } from './voter.ts';

/** Who had which hidden values revealed. */
export interface SeenValues {
  add(approval: Approval, voter: Voter): void;
  has(approval: Approval, voter: Voter): Promise<boolean>;
}

const REMEMBERED = 10_000;

/** What this process revealed, and what the audit log says of others that share it. */
export function seenValues(audit: AuditLog | undefined): SeenValues {
  const seen = new Set<string>();
  return {
    add(approval, voter) {
      seen.add(keyOf(approval, voter));
      if (seen.size <= REMEMBERED) return;
      const [oldest] = seen;
      if (oldest !== undefined) seen.delete(oldest);
    },
    async has(approval, voter) {
      if (seen.has(keyOf(approval, voter))) return true;
      const { rid, aid, bindings } = approval;
      const filter = { kind: 'approval', action: 'approval.revealed', rid } as const;
      const entries = (await audit?.query(filter)) ?? [];
      return entries.some(
        (entry) =>
          entry.aid === aid && entry.actor === voter.id && entry.digest === bindings.digest,
      );
    },
  };
}

function keyOf({ aid, bindings }: Approval, { id }: Voter): string {
  return JSON.stringify([aid, bindings.digest, id]);
}
