import type { Guarantees, Sandbox } from '@guardstile/core';
import { noSandbox } from '@guardstile/core';

/** A sandbox that confines arguments and runs the tool as it is. */
export function onlyArguments(
  name: string,
  confined: Partial<Guarantees>,
  broken: () => string | undefined = () => undefined,
): Sandbox {
  const none = noSandbox();
  const guarantees: Guarantees = Object.freeze({ ...none.guarantees, ...confined });
  return {
    ...none,
    name,
    guarantees,
    check() {
      const reason = broken();
      return reason === undefined ? { ok: true, guarantees } : { ok: false, reason };
    },
  };
}
