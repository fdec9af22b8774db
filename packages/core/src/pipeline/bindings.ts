import type { ApprovalBindings } from '../approvals/approval.ts';
import type { ToolIdentity } from '../call.ts';
import { editedDigest } from '../approvals/edit.ts';
import { digest } from '../digest.ts';
import { GuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import type { Steps } from '../steps.ts';
import type { RegisteredTool } from '../tool.ts';
import { argsDigest, type CallState } from './call-state.ts';

/** What an approval is bound to. */
export function* bindingsOf(state: CallState): Steps<ApprovalBindings> {
  const { principal, session, agent } = state.context;
  return Object.freeze({
    ...(principal?.tenant === undefined ? {} : { tenant: principal.tenant }),
    ...(principal === undefined ? {} : { principal: principal.id }),
    ...(session === undefined ? {} : { session }),
    ...(agent === undefined ? {} : { agent }),
    tool: yield* wholeIdentity(state),
    digest: state.edited === undefined ? argsDigest(state) : editedDigest(state.edited),
  });
}

const known = new WeakMap<RegisteredTool, ToolIdentity>();

/**
 * The tool with everything that makes it what it is. Schemas may be lazy and large, so they are only
 * looked at when a person is asked.
 */
function* wholeIdentity(state: CallState): Steps<ToolIdentity> {
  const { tool, parts, waiting } = state;
  const { identity } = tool.info;
  if (tool.definition === undefined) return identity;
  let whole = known.get(tool);
  if (whole === undefined) {
    const late = (): Error => new Error(`it took longer than ${parts.policyTimeoutMs} ms`);
    try {
      const definition = yield* waiting.for(tool.definition(), parts.policyTimeoutMs, late);
      const details = digest('tool', { digest: identity.digest ?? null, definition });
      whole = Object.freeze({ ...identity, digest: details });
    } catch (cause) {
      throw new GuardError(
        'tool_invalid',
        `nobody can say what the tool takes, so nobody can approve it: ${messageOf(cause)}; mend its schema`,
        { cause },
      );
    }
    known.set(tool, whole);
  }
  return whole;
}
