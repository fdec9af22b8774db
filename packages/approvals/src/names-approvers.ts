import type { Requirements } from '@guardstile/core';

/** Whether anybody but the requester has to agree. */
export function namesApprovers({ votes }: Requirements): boolean {
  return votes.some((vote) => vote.kind !== 'confirm');
}
