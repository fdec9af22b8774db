import { type ApprovalRequest, createGuard, type GuardOptions } from '@guardstile/core';

/** The request that a guard makes of its approver for a call with these arguments, still open. */
export function requestFor(
  args: unknown,
  options: Partial<GuardOptions> = {},
): Promise<ApprovalRequest> {
  return new Promise((resolve, reject) => {
    const guard = createGuard({
      policy: () => ({ effect: 'ask', reason: 'it has to be looked at' }),
      approver: (request, { signal }) => {
        resolve(request);
        return new Promise((answer) => {
          signal.addEventListener('abort', () => answer('deny'));
        });
      },
      audit: false,
      ...options,
    });
    guard.call({ tool: 'refund', args }, () => 'ran').catch(reject);
  });
}
