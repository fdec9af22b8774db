import { allowAll, createGuard, GuardError, memoryAudit, standardPolicy } from '@guardstile/core';

const audit = memoryAudit({ key: 'consumer' });
const guard = createGuard({ policy: standardPolicy({ deny: ['rm'] }), audit });

// The result has the type of what runs, and what runs has the type of the arguments.
const sum: number = await guard.call(
  { tool: 'add', args: { a: 1, b: 2 }, facts: 'readOnly' },
  (args) => args.a + args.b,
);
if (sum !== 3) throw new Error(`an allowed call answered ${sum}`);

const refused: unknown = await guard
  .call({ tool: 'rm', args: {}, facts: 'destructive' }, () => 'ran')
  .catch((error: unknown) => error);
if (!(refused instanceof GuardError) || refused.code !== 'denied') {
  throw new Error(`a denied call answered ${String(refused)}`);
}

const { ok } = await audit.verify();
if (!ok) throw new Error('the audit log does not verify');
await guard.close();

/** Never called: what the compiler has to refuse. */
export async function wrongUses(): Promise<void> {
  // @ts-expect-error a guard without a policy
  createGuard({});
  // @ts-expect-error an unknown option
  createGuard({ policy: allowAll(), polcy: allowAll() });
  // @ts-expect-error unknown facts
  await guard.call({ tool: 'x', args: {}, facts: 'harmless' }, () => 1);
  // @ts-expect-error an argument that the call does not have
  await guard.call({ tool: 'x', args: { a: 1 }, facts: 'readOnly' }, (args) => args.missing);
  // @ts-expect-error a number is not a string
  const text: string = await guard.call({ tool: 'x', args: {}, facts: 'readOnly' }, () => 1);
  throw new Error(text);
}

console.log('core ok');
