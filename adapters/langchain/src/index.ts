export { GuardCallbackHandler } from './guard-callback-handler.ts';
export { guardOf } from './guard-of.ts';
export { guardTool } from './guard-tool.ts';
export { withGuard } from './with-guard.ts';
export {
  allowAll,
  createGuard,
  describeRequirement,
  envSecrets,
  GuardError,
  isGuard,
  isGuardError,
  layers,
  memoryApprovals,
  memoryAudit,
  noSandbox,
  perAgent,
  perUser,
  standardPolicy,
  staticSecrets,
  stopSwitch,
  toolPolicy,
  verifyChain,
  verifyEntry,
  visible,
} from '@guardstile/core';

export type { ContextOf } from './call-context.ts';
export type { GuardCallbackHandlerOptions, HandlerEvent } from './guard-callback-handler.ts';
export type { HandlerRun, RunKind } from './handler-run.ts';
export type { ToolLike } from './guard-tool.ts';
export type { ToolConfig } from './tool-shape.ts';
export type { GuardToolOptions } from './tool-spec.ts';
export type { ToolSetOptions } from './tool-set-options.ts';
export type { WithGuardOptions } from './with-guard.ts';
export type {
  ApprovalRequest,
  Approver,
  ApproverAnswer,
  AskApprover,
  AuditEntry,
  AuditFilter,
  AuditLog,
  AuditVerification,
  CallContext,
  DataFlow,
  Decision,
  Fact,
  Guard,
  GuardErrorCode,
  GuardEvent,
  GuardOptions,
  Hooks,
  Layer,
  Mode,
  Origin,
  Policy,
  PolicyAnswer,
  PolicyFunction,
  PolicyInput,
  Principal,
  ToolCall,
  ToolRun,
  Turn,
} from '@guardstile/core';
