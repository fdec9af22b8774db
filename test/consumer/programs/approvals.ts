import { terminalApprover } from '@guardstile/approvals';
import { createGuard, GuardError, standardPolicy } from '@guardstile/core';

// No terminal here: what needs a person is denied.
const guard = createGuard({ policy: standardPolicy(), approver: terminalApprover() });
const refused: unknown = await guard
  .call({ tool: 'refund', args: { amount: 5 }, facts: 'destructive' }, () => 'ran')
  .catch((error: unknown) => error);
if (!(refused instanceof GuardError)) throw new Error(`an ask answered ${String(refused)}`);
await guard.close();

/** Never called: what the compiler has to refuse. */
export function wrongUses(): void {
  // @ts-expect-error not an approver
  createGuard({ policy: standardPolicy(), approver: 'terminal' });
  // @ts-expect-error an unknown option
  terminalApprover({ colour: 'red' });
}

console.log('approvals ok');
