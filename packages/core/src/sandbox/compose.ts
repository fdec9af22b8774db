import type { ToolCall } from '../call.ts';
import { drive, type Steps, wait } from '../steps.ts';
import { NO_GUARANTEES, strongest } from './guarantees.ts';
import type { Confinement, Sandbox, SandboxCheck } from './sandbox.ts';

/** One sandbox of several: all confine the arguments in order, the first runs outermost. */
export function composeSandboxes(sandboxes: readonly Sandbox[]): Sandbox {
  const [only] = sandboxes;
  if (only !== undefined && sandboxes.length === 1) return only;
  const confining = sandboxes.filter((sandbox) => sandbox.confine !== undefined);
  return {
    name: sandboxes.map((sandbox) => sandbox.name).join('+'),
    guarantees: sandboxes.reduce((all, { guarantees }) => strongest(all, guarantees), NO_GUARANTEES),
    check: () => drive(checkAll(sandboxes)),
    ...(confining.length === 0 ? {} : { confine: (call) => drive(confineAll(confining, call)) }),
    run: (call, run) =>
      sandboxes.reduceRight<() => unknown>(
        (execute, sandbox) => () => sandbox.run(call, { ...run, execute }),
        run.execute,
      )(),
    async close() {
      for (const sandbox of sandboxes) await sandbox.close?.();
    },
  };
}

function* checkAll(sandboxes: readonly Sandbox[]): Steps<SandboxCheck> {
  let guarantees = NO_GUARANTEES;
  for (const sandbox of sandboxes) {
    const check = yield* wait(sandbox.check());
    if (!check.ok) return { ok: false, reason: `${sandbox.name}: ${check.reason}` };
    guarantees = strongest(guarantees, check.guarantees);
  }
  return { ok: true, guarantees };
}

function* confineAll(sandboxes: readonly Sandbox[], call: ToolCall): Steps<Confinement> {
  let current = call;
  for (const sandbox of sandboxes) {
    const confined = yield* wait(sandbox.confine?.(current) ?? { args: current.confined });
    if ('refused' in confined) return confined;
    current = Object.freeze({ ...current, confined: confined.args });
  }
  return { args: current.confined };
}
