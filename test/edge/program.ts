import { createGuard, GuardError, memoryAudit, standardPolicy } from '@guardstile/core';

/** What a guard did on a runtime without Node. */
export interface EdgeReport {
  /** Names of Node globals that were in reach; empty on an edge runtime. */
  readonly nodeGlobals: readonly string[];
  readonly allowed: string;
  readonly denied: string;
  readonly deniedRan: boolean;
  readonly verified: boolean;
}

/** Allows one call, denies one, and verifies the log of both. */
export async function run(): Promise<EdgeReport> {
  const audit = memoryAudit({ key: 'edge' });
  const guard = createGuard({ policy: standardPolicy({ deny: ['rm'] }), audit });
  let deniedRan = false;

  const allowed = await guard.call(
    { tool: 'greet', args: { name: 'edge' }, facts: 'readOnly' },
    ({ name }) => `hello ${name}`,
  );
  const denied = await guard
    .call({ tool: 'rm', args: { path: '/' }, facts: 'destructive' }, () => {
      deniedRan = true;
      return 'ran';
    })
    .catch((error: unknown) => (error instanceof GuardError ? error.code : String(error)));
  const { ok } = await audit.verify();
  await guard.close();

  const nodeGlobals = ['process', 'require', 'Buffer', 'global'].filter((n) => n in globalThis);
  return { nodeGlobals, allowed, denied, deniedRan, verified: ok };
}
