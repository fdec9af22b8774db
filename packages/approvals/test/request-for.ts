import { type ApprovalRequest, createGuard, type GuardOptions } from '@guardstile/core';

/** The request that a guard makes of its approver for a call with these arguments. */
export async function requestFor(
  args: unknown,
  options: Partial<GuardOptions> = {},
): Promise<ApprovalRequest> {
  let seen: ApprovalRequest | undefined;
  const guard = createGuard({
    policy: () => ({ effect: 'ask', reason: 'it has to be looked at' }),
    approver: (request) => {
      seen = request;
      return 'deny';
    },
    audit: false,
    ...options,
  });
  const refused = await guard
    .call({ tool: 'refund', args }, () => 'ran')
    .catch((error: unknown) => error);
  await guard.close();
  if (seen === undefined) throw refused;
  return seen;
}
