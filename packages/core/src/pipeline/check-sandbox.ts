import type { Decision } from '../decision.ts';
import { GuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import { ownFields } from '../own-fields.ts';
import { covering } from '../sandbox/compose.ts';
import {
  argumentsOnly,
  type Guarantees,
  NO_GUARANTEES,
  strongest,
  weakerThan,
} from '../sandbox/guarantees.ts';
import { isNoSandbox } from '../sandbox/no-sandbox.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { MaybePromise, Steps } from '../steps.ts';
import { isInterruption } from '../waiting.ts';
import { type CallState, viewOf } from './call-state.ts';

/** Checks by sandbox: what it proved once holds for as long as the process lives. */
const checks = new WeakMap<Sandbox, MaybePromise<unknown>>();

/** Whether there is a sandbox, or policy or tool require one. */
export function needsSandbox({ parts, tool }: CallState, { conditions }: Decision): boolean {
  if (!isNoSandbox(parts.sandbox)) return true;
  return tool.requires !== undefined || Object.hasOwn(conditions, 'sandbox');
}

/** What is in force for a call, for its entry in the log. */
export interface SandboxInForce {
  readonly name: string;
  readonly guarantees: Guarantees;
  /** What was required beyond that, and is done without because somebody said so. */
  readonly weaker?: Partial<Guarantees>;
}

/** Makes sure that the sandbox guarantees what policy and tool require; says what it guarantees. */
export function* checkSandbox(state: CallState, { conditions }: Decision): Steps<SandboxInForce> {
  const { parts } = state;
  const ofPolicy = Object.hasOwn(conditions, 'sandbox') ? conditions.sandbox : undefined;
  const ofTool = state.tool.requires;
  const required = strongest(ofTool ?? {}, ofPolicy ?? {});
  let guarantees = NO_GUARANTEES;
  for (const { sandbox, runs } of covering(parts.sandbox, viewOf(state))) {
    const there = yield* proven(state, sandbox);
    guarantees = strongest(guarantees, runs ? there : argumentsOnly(there));
  }
  const { weaker, rest } = doneWithout(required, guarantees, parts.allowWeaker);
  const missing = weakerThan(guarantees, rest);
  if (missing !== undefined) {
    throw new GuardError(
      'sandbox_unavailable',
      `it requires ${missing}: "${required[missing]}", and the sandbox "${parts.sandbox.name}" guarantees "${guarantees[missing]}"; use a stronger sandbox`,
    );
  }
  const inForce = { name: parts.sandbox.name, guarantees };
  return Object.keys(weaker).length === 0 ? inForce : { ...inForce, weaker };
}

/** What is required and not there, as far as that is good enough, and what has to be there. */
function doneWithout(
  required: Partial<Guarantees>,
  there: Guarantees,
  allowed: ReadonlyArray<keyof Guarantees>,
): { readonly weaker: Partial<Guarantees>; readonly rest: Partial<Guarantees> } {
  const isWeaker = ([dimension, level]: [string, unknown]): boolean =>
    allowed.includes(dimension as keyof Guarantees) &&
    weakerThan(there, { [dimension]: level }) !== undefined;
  const all = Object.entries(required);
  return {
    weaker: Object.fromEntries(all.filter(isWeaker)),
    rest: Object.fromEntries(all.filter((one) => !isWeaker(one))),
  };
}

function* proven(state: CallState, sandbox: Sandbox): Steps<Guarantees> {
  const { storeTimeoutMs } = state.parts;
  try {
    const checking = checks.get(sandbox) ?? sandbox.check();
    checks.set(sandbox, checking);
    const late = (): Error => new Error(`it took longer than ${storeTimeoutMs} ms`);
    const checked = yield* state.waiting.for(checking, storeTimeoutMs, late);
    checks.set(sandbox, checked); // nobody waits for it again
    return readCheck(checked);
  } catch (cause) {
    if (isInterruption(cause)) throw cause;
    checks.delete(sandbox);
    throw new GuardError(
      'sandbox_unavailable',
      `the sandbox "${sandbox.name}" does not work here: ${messageOf(cause)}; mend it or use another one`,
      { cause },
    );
  }
}

/** Own properties only, so that a polluted prototype guarantees nothing. */
function readCheck(answer: unknown): Guarantees {
  const { ok, guarantees, reason } = ownFields(answer);
  // A level that is missing or unknown is weaker than any that can be required.
  if (ok === true) return ownFields(guarantees) as unknown as Guarantees;
  throw new Error(typeof reason === 'string' ? reason : 'it gave no answer');
}
