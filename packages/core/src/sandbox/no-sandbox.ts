import { NO_GUARANTEES } from './guarantees.ts';
import type { Sandbox } from './sandbox.ts';

/** Runs tools as they are and guarantees nothing. */
export function noSandbox(): Sandbox {
  return {
    name: 'none',
    guarantees: NO_GUARANTEES,
    check: () => ({ ok: true, guarantees: NO_GUARANTEES }),
    run: (_call, run) => run.execute(),
  };
}
