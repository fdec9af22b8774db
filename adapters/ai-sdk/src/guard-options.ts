import { type Guard, GuardError, isGuard, sameGuard, visible } from '@guardstile/core';

import { type CallerVerdict, callerVerdict } from './caller-approval.ts';
import { demandOf, eitherDemand } from './demand.ts';
import { fieldOf, isObject } from './field-of.ts';
import { knownExecute, type Known } from './known-execute.ts';
import { messageOf } from './message-of.ts';
import type { NativeCall } from './native-call.ts';
import { nativeVerdict, type ToolApprovalStatus } from './native-verdict.ts';
import {
  acceptedVerdict,
  clientSideVerdict,
  providerVerdict,
  replacedVerdict,
  unguardedVerdict,
} from './outside-verdict.ts';
import { coverageOfTool } from './tool-coverage.ts';
import type { ToolShape } from './tool-shape.ts';
import { specOf } from './tool-spec.ts';
import { guardedSet, setOf, toolOptions, type ToolSetOptions, withGuard } from './with-guard.ts';

/** What else {@link guardOptions} can be told. */
export interface CallOptions<Name extends string, Approval> extends ToolSetOptions {
  /** @default the guard of the tools, if they came out of `withGuard()` */
  readonly guard?: Guard;
  /** The application's own `toolApproval`. The most restrictive answer wins. */
  readonly toolApproval?: Approval;
  /** Names of the tools to offer to the model, as far as they may be. @default all */
  readonly activeTools?: readonly Name[];
}

/** What to spread into `generateText`, `streamText` or a `ToolLoopAgent`. */
export interface GuardedOptions<T, Name extends string> {
  readonly tools: T;
  readonly toolApproval: (call: NativeCall) => Promise<ToolApprovalStatus>;
  /** Only where tools are hidden from the model. */
  readonly activeTools?: readonly Name[];
}

interface Setting {
  readonly guard: Guard;
  readonly tools: object;
  readonly options: ToolSetOptions;
  readonly approval: unknown;
}

/** {@link guardOptions}, whatever the types of the SDK. */
export function guardOptionsOf<T extends Record<string, object>>(
  given: T,
  guardOrOptions: Guard | CallOptions<string, unknown> | undefined,
): GuardedOptions<T, string> {
  const { guard: named, toolApproval: approval, activeTools, ...more } = optionsOf(guardOrOptions);
  const before = guardedSet(given);
  const guard = named ?? before?.guard;
  if (guard === undefined) throw withoutGuard();
  const tools = withGuard(given, guard, { ...before?.options, ...more });
  const setting = { ...setOf(tools), tools, approval };
  const names = activeTools ?? Object.keys(tools);
  const offered = names.filter((name) => isOffered(setting, name));
  const all = activeTools === undefined && offered.length === names.length;
  return {
    tools,
    toolApproval: async (call) => {
      try {
        return await verdictOn(setting, call);
      } catch (error) {
        return { type: 'denied', reason: visible(`the guard failed: ${messageOf(error)}`) };
      }
    },
    ...(all ? {} : { activeTools: offered }),
  };
}

function optionsOf(
  given: Guard | CallOptions<string, unknown> | undefined,
): CallOptions<string, unknown> {
  const own = Object.assign(
    Object.create(null) as CallOptions<string, unknown>,
    isGuard(given) ? { guard: given } : given,
  );
  if (own.guard === undefined || isGuard(own.guard)) return own;
  throw new GuardError('options_invalid', 'guardOptions: guard has to be one from createGuard()');
}

function withoutGuard(): GuardError {
  return new GuardError(
    'options_invalid',
    'guardOptions: these tools did not come out of withGuard(); pass the very object that it returned, or a guard: guardOptions(tools, guard)',
  );
}

/** Whether the model may know of the tool: not if no call of it can ever be allowed. */
function isOffered({ guard, tools, options }: Setting, name: string): boolean {
  const tool = fieldOf(tools, name) as ToolShape | undefined; // withGuard() checked it
  if (tool === undefined) return false;
  const fixed = guard.tool(specOf(name, tool, toolOptions(name, options))).fixed();
  if (coverageOfTool(tool) !== 'provider-executed') return fixed?.effect !== 'deny';
  // Nothing can be decided once the provider has it, except for what was accepted as it is.
  const accepted = options.acceptUnguarded?.includes(name) === true && fixed?.effect !== 'deny';
  return fixed?.effect === 'allow' || accepted;
}

async function verdictOn(setting: Setting, native: NativeCall): Promise<ToolApprovalStatus> {
  const { toolName } = native.toolCall;
  const tool = toolOf(setting, native.tools, toolName);
  const caller = await callerVerdict(setting.approval, tool, native);
  const own = await guardVerdict(setting, native, tool, caller);
  const { type, reason } = caller;
  // What the application denies or approves is said as it says it, unless the guard is stricter.
  const theirs = type === 'denied' || (type === 'approved' && own === undefined);
  return theirs ? { type, ...(reason === undefined ? {} : { reason }) } : own;
}

async function guardVerdict(
  { guard, options }: Setting,
  native: NativeCall,
  tool: ToolShape | undefined,
  caller: CallerVerdict,
): Promise<ToolApprovalStatus> {
  const { toolName, providerExecuted } = native.toolCall;
  if (tool === undefined) return { type: 'denied', reason: visible(`no such tool: ${toolName}`) };
  const handle = guard.tool(specOf(toolName, tool, toolOptions(toolName, options)));
  const known = knownExecute(tool.execute);
  // What a guard put there is no demand of the tool; what somebody has put there since is one.
  const added =
    known !== undefined && tool.needsApproval === known.approval ? undefined : demandOf(tool);
  const demand = eitherDemand(known?.body.demand, added);
  const asked = { tool, native, caller, guard, handle, demand };
  const kind = coverageOfTool(tool);
  if (options.acceptUnguarded?.includes(toolName) === true) return acceptedVerdict(asked);
  if (kind === 'replaced') return replacedVerdict(asked);
  if (kind === 'provider-executed' || providerExecuted === true) return providerVerdict(asked);
  if (kind === 'client-side') return clientSideVerdict(asked);
  if (known === undefined || !standsIn(guard, known)) return unguardedVerdict(asked);
  return nativeVerdict(known, asked);
}

/** Whether the guard is the one in the tool's `execute`, or one behind it. */
function standsIn(guard: Guard, known: Known): boolean {
  return (
    sameGuard(known.guard, guard) || (known.inner !== undefined && standsIn(guard, known.inner))
  );
}

/** The tool that the SDK will run. Of a search tool it runs a copy with a body of its own. */
function toolOf({ tools }: Setting, given: unknown, name: string): ToolShape | undefined {
  const own = fieldOf(tools, name);
  const theirs = fieldOf(given, name);
  const tool = theirs === undefined || coverageOfTool(own) === 'replaced' ? own : theirs;
  return isObject(tool) ? tool : undefined;
}
