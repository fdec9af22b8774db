import { allowAll, createGuard, type Fact, isGuardError, type Sandbox } from '@guardstile/core';

/** What a tool named `tool` receives through a real guard; a refusal as its message. */
export async function confined(
  sandbox: Sandbox | readonly Sandbox[],
  args: unknown,
  fact: Fact = 'readOnly',
): Promise<unknown> {
  const guard = createGuard({ policy: allowAll(), sandbox, facts: { tool: fact }, audit: false });
  try {
    return await guard.call({ tool: 'tool', args }, (given) => given);
  } catch (error) {
    if (isGuardError(error) && error.code === 'sandbox_refused') return error.message;
    throw error;
  }
}
