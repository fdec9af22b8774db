import type { Approval } from '../approvals/approval.ts';
import { digest } from '../digest.ts';
import { GuardError } from '../errors.ts';
import { snapshot } from '../snapshot.ts';
import type { Steps } from '../steps.ts';
import { type CallState, viewOf } from './call-state.ts';
import { applyEdit } from './edit.ts';
import { parse, setArgs } from './receive.ts';
import { takeStored } from './stored-args.ts';

/** Whether step 2 has anything to do. */
export function changesArgs({ parts, tool, input, resumed }: CallState): boolean {
  const parses = tool.schema !== undefined && !input.parsed;
  return resumed !== undefined || parts.hooks.rewriting || parses;
}

/** Step 2: rewriting hooks, then the schema, once. On a resume the approved arguments are taken. */
export function* rewriteAndParse(state: CallState): Steps<void> {
  if (state.resumed !== undefined) return yield* takeApproved(state, state.resumed);
  const rewritten = yield* rewrite(state);
  const { schema } = state.tool;
  if (schema === undefined || (state.input.parsed && !rewritten)) return undefined;
  const parsed = yield* parse(state, schema);
  if (state.input.parsed) return refuseAmbiguity(state, parsed);
  return setArgs(state, parsed);
}

function* takeApproved(state: CallState, approval: Approval): Steps<void> {
  takeStored(state, approval);
  if (approval.edited !== undefined) yield* applyEdit(state, approval.edited);
}

/** Every hook sees what the ones before it made of the arguments. */
function* rewrite(state: CallState): Steps<boolean> {
  const { parts, context, waiting } = state;
  let rewritten = false;
  if (!parts.hooks.rewriting) return rewritten;
  yield* parts.hooks.rewrite(
    () => viewOf(state),
    context,
    waiting,
    (args) => {
      rewritten = true;
      setArgs(state, args);
    },
  );
  return rewritten;
}

/**
 * The framework parsed the arguments before the guard saw them, so a rewrite replaces parsed
 * values. Where parsing changes them again, nobody can tell which were meant.
 */
function refuseAmbiguity(state: CallState, parsed: unknown): void {
  const again = snapshot(parsed, state.parts.argumentLimits).value;
  if (digest('args', again) === digest('args', state.call.args)) return;
  throw new GuardError(
    'rewrite_ambiguous',
    "a hook rewrote arguments that the framework had parsed, and the tool's schema would change them again; rewrite to values that the schema leaves as they are",
  );
}
