import adapter = require('@guardstile/ai-sdk');
import approvals = require('@guardstile/approvals');
import core = require('@guardstile/core');

const values: Record<string, unknown> = {
  createGuard: core.createGuard,
  terminalApprover: approvals.terminalApprover,
  withGuard: adapter.withGuard,
};
for (const [name, value] of Object.entries(values)) {
  if (typeof value !== 'function') throw new Error(`require() gave no ${name}`);
}
const guard: core.Guard = core.createGuard({ policy: core.allowAll() });
guard
  .call({ tool: 'one', args: {}, facts: 'readOnly' }, () => 1)
  .then(
    (one: number) => {
      if (one !== 1) throw new Error(`an allowed call answered ${one}`);
      console.log('require ok');
    },
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
