import type { GrantOffer } from '@guardstile/core';

import type { ApprovalView } from './approval-view.ts';
import { type InboxRefusal, refuse } from './inbox-refusal.ts';

/** The grant that goes with an approval, if what asks offers such a one. */
export function readGrant(
  { requirements, shown }: ApprovalView,
  grant: GrantOffer | undefined,
): { readonly grant?: GrantOffer } | InboxRefusal {
  if (grant === undefined) return {};
  const { scope, fields, expiresMs } = grant;
  const offered = grantsOf(requirements);
  if (!offered.includes(scope)) {
    const may = offered.length === 0 ? 'nothing beyond this call' : offered.join(', ');
    return refuse('not-grantable', `what asks lets an approver grant: ${may}`);
  }
  const names = fieldsOf(shown);
  const odd = fields.find((field) => !names.includes(field));
  if (odd !== undefined || (fields.length === 0 && names.length > 0)) {
    return refuse('not-grantable', `name fields that stay the same, of ${names.join(', ')}`);
  }
  if (!Number.isSafeInteger(expiresMs) || expiresMs <= 0) {
    return refuse('not-grantable', 'say how long it holds, in milliseconds');
  }
  return { grant: Object.freeze({ scope, fields: Object.freeze([...fields]), expiresMs }) };
}

/** How far an approval may reach: a grant answers named rules, so that there is none without. */
export function grantsOf({
  grants,
  rules = [],
}: ApprovalView['requirements']): ApprovalView['requirements']['grants'] {
  return rules.length === 0 ? [] : grants;
}

/** The top-level fields of arguments. */
export function fieldsOf(args: unknown): readonly string[] {
  return typeof args === 'object' && args !== null && !Array.isArray(args) ? Object.keys(args) : [];
}
