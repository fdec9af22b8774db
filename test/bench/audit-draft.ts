import type { AuditDraft } from '@guardstile/core';

import { refundArgs } from './refund.ts';

/** What a guard writes for an allowed call: about 850 bytes as a line. */
export const auditDraft: AuditDraft = {
  kind: 'decision',
  action: 'tool.allow',
  actor: 'guard',
  rid: 'rid_0123456789abcdefghijklmn',
  attempt: 'att_0123456789abcdefghijklmn',
  call: 'call_0123456789',
  user: 'u-17',
  tenant: 'acme',
  session: 's-4711',
  source: 'app',
  tool: 'refund',
  policy: `sha256:${'0'.repeat(64)}`,
  rule: 'refund.small',
  reason: 'a small refund in euros',
  digest: `sha256:${'1'.repeat(64)}`,
  args: refundArgs,
};
