import { NO_GUARANTEES } from './guarantees.ts';
import type { Sandbox } from './sandbox.ts';

const NONE: Sandbox = Object.freeze<Sandbox>({
  name: 'none',
  guarantees: NO_GUARANTEES,
  check: () => ({ ok: true, guarantees: NO_GUARANTEES }),
  run: (_call, run) => run.execute(),
});

/** Runs tools as they are and guarantees nothing. */
export function noSandbox(): Sandbox {
  return NONE;
}

/** Whether there is nothing to check and nothing to say of it. */
export function isNoSandbox(sandbox: Sandbox): boolean {
  return sandbox === NONE;
}
