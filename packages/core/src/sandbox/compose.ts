import type { ToolCall } from '../call.ts';
import { messageOf } from '../message-of.ts';
import { ownFields } from '../own-fields.ts';
import { drive, type Steps, wait } from '../steps.ts';
import { NO_GUARANTEES, strongest } from './guarantees.ts';
import type { Confinement, Sandbox, SandboxCheck } from './sandbox.ts';

/** One sandbox of several: all confine the arguments in order, the first runs outermost. */
export function composeSandboxes(sandboxes: readonly Sandbox[]): Sandbox {
  const [only] = sandboxes;
  if (only !== undefined && sandboxes.length === 1) return only;
  const confining = sandboxes.filter((sandbox) => sandbox.confine !== undefined);
  const composed: Sandbox = {
    name: sandboxes.map((sandbox) => sandbox.name).join('+'),
    guarantees: sandboxes.reduce(
      (all, { guarantees }) => strongest(all, guarantees),
      NO_GUARANTEES,
    ),
    check: () => drive(checkAll(sandboxes)),
    ...(sandboxes.every(({ takes }) => takes === undefined)
      ? {}
      : { takes: (call) => sandboxes.every((sandbox) => sandbox.takes?.(call) !== false) }),
    ...(confining.length === 0 ? {} : { confine: (call) => drive(confineAll(confining, call)) }),
    run: (call, run) =>
      sandboxes.reduceRight<() => unknown>(
        (execute, sandbox) => () => sandbox.run(call, { ...run, execute }),
        run.execute,
      )(),
    close: () => closeAll(sandboxes),
  };
  parts.set(composed, Object.freeze([...sandboxes]));
  return composed;
}

/** What the composed ones are made of. */
const parts = new WeakMap<Sandbox, readonly Sandbox[]>();

/** A sandbox of a call. */
export interface Covering {
  readonly sandbox: Sandbox;
  /** Whether the call runs where it is; of any other one only what it did to the arguments counts. */
  readonly runs: boolean;
}

/** The sandboxes that hold for a call. Beside one that runs it elsewhere no other one confines what runs. */
export function covering(sandbox: Sandbox, call: ToolCall): readonly Covering[] {
  const taking = (one: Sandbox): boolean => one.takes !== undefined;
  const all = flat(sandbox);
  const taker = all.find((one) => taking(one) && one.takes?.(call) === true);
  return all
    .filter((one) => !taking(one) || one === taker)
    .map((one) => ({ sandbox: one, runs: taker === undefined || one === taker }));
}

function flat(sandbox: Sandbox): readonly Sandbox[] {
  return parts.get(sandbox)?.flatMap(flat) ?? [sandbox];
}

function* checkAll(sandboxes: readonly Sandbox[]): Steps<SandboxCheck> {
  let guarantees = NO_GUARANTEES;
  for (const sandbox of sandboxes) {
    try {
      const { ok, guarantees: proven, reason } = ownFields(yield* wait<unknown>(sandbox.check()));
      if (ok !== true || typeof proven !== 'object' || proven === null) {
        return {
          ok: false,
          reason: `${sandbox.name}: ${messageOf(reason ?? 'it gave no answer')}`,
        };
      }
      guarantees = strongest(guarantees, proven);
    } catch (error) {
      return { ok: false, reason: `${sandbox.name}: its check failed (${messageOf(error)})` };
    }
  }
  return { ok: true, guarantees };
}

function* confineAll(sandboxes: readonly Sandbox[], call: ToolCall): Steps<Confinement> {
  let current = call;
  for (const sandbox of sandboxes) {
    const answer: unknown = yield* wait(sandbox.confine?.(current));
    const confined = confinementOf(answer);
    if ('refused' in confined) return { refused: `${sandbox.name}: ${confined.refused}` };
    current = Object.freeze({ ...current, confined: confined.args });
  }
  return { args: current.confined };
}

/** What is not understood as an answer confines nothing and is therefore a refusal. */
function confinementOf(answer: unknown): Confinement {
  const own = ownFields(answer);
  if ('refused' in own) return { refused: messageOf(own['refused']) };
  return 'args' in own ? { args: own['args'] } : { refused: 'it gave no answer' };
}

/** Closes every one, also behind one that fails. */
async function closeAll(sandboxes: readonly Sandbox[]): Promise<void> {
  const closing = sandboxes.map(async (sandbox) => sandbox.close?.());
  const failed = (await Promise.allSettled(closing)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
