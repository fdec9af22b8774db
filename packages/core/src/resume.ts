import type { Approval } from './approvals/approval.ts';
import { fromStore, readMaybeApproval } from './pipeline/approval-store.ts';
import { PATIENT } from './pipeline/call-state.ts';
import { unknownApproval } from './pipeline/requester-answer.ts';
import type { Parts } from './guard-options.ts';
import type { Steps } from './steps.ts';
import type { CallInput, RegisteredTool } from './tool.ts';
import type { CallRequest, ToolRegistry } from './tool-registry.ts';

/** What a guard cannot know of a call that was asked for in another process. */
export type ResumeRequest = Omit<
  Partial<CallRequest>,
  'tool' | 'source' | 'id' | 'answer' | 'approval' | 'parsed'
>;

/** The call that an approval was asked for, to be made again. */
export interface ResumedCall {
  readonly tool: RegisteredTool;
  readonly input: CallInput;
}

/** @throws {GuardError} `approval_unknown` or `approval_store_error`. */
export function* resumedCall(
  parts: Parts,
  tools: ToolRegistry,
  aid: string,
  request: ResumeRequest,
): Steps<ResumedCall> {
  const { approvals } = parts;
  const state = { parts, waiting: PATIENT };
  const approval = yield* fromStore(state, () => approvals.get(aid), readMaybeApproval);
  if (approval === undefined) throw unknownApproval();
  const { args, context, demands, turns, ...spec } = request;
  return {
    tool: toolOf(approval, tools, spec),
    input: {
      args: approval.args ?? args,
      id: approval.call,
      answer: 'voted',
      approval: aid,
      ...(context === undefined ? {} : { context }),
      ...(demands === undefined ? {} : { demands }),
      ...(turns === undefined ? {} : { turns }),
    },
  };
}

function toolOf(
  { bindings }: Approval,
  tools: ToolRegistry,
  spec: Omit<ResumeRequest, 'args' | 'context' | 'demands' | 'turns'>,
): RegisteredTool {
  const { source, name } = bindings.tool;
  const known = Object.keys(spec).length === 0 ? tools.named(source, name) : undefined;
  if (known !== undefined) return known;
  return tools.ofRequest({
    ...spec,
    ...(source === 'app' ? {} : { source }),
    tool: name,
    args: undefined,
  });
}
