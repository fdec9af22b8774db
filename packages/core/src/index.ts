import * as approvalLifecycle from './approvals/lifecycle.ts';

export { canonical } from './canonical.ts';
export { editOf } from './approvals/edit.ts';
export { grantableFields, readGrantOffer } from './approvals/grant-offer.ts';
export { approvalLifecycle };
export { isStanding } from './approvals/memory-grants.ts';
export { isNamed, unmet } from './approvals/count-votes.ts';
export { combineRequirements, describeRequirement, grantable } from './approvals/requirements.ts';
export { memoryApprovals } from './approvals/memory.ts';
export { draftToKeep } from './audit/draft-to-keep.ts';
export { entryFilter } from './audit/select.ts';
export { memoryAudit } from './audit/memory.ts';
export { verifyChain, verifyEntry } from './audit/verify.ts';
export { digest } from './digest.ts';
export { GuardError, isGuardError } from './errors.ts';
export { factsOf } from './facts.ts';
export { bindAgain, createGuard, isGuard, sameGuard } from './guard.ts';
export { memoryLabels } from './labels.ts';
export { checkClaims } from './limits/check-claims.ts';
export { memoryLimits } from './limits/memory.ts';
export { steadyClock } from './limits/steady-clock.ts';
export { ownOptions } from './own-options.ts';
export { allowAll } from './policy/allow-all.ts';
export { layers } from './policy/layers.ts';
export { perAgent, perUser } from './policy/selector.ts';
export { standardPolicy } from './policy/standard.ts';
export { toolPolicy } from './policy/tool-policy.ts';
export { createRedactor } from './redact.ts';
export { schemaDefinition } from './schema-definition.ts';
export { composeSandboxes } from './sandbox/compose.ts';
export { noSandbox } from './sandbox/no-sandbox.ts';
export { envSecrets, staticSecrets } from './secrets.ts';
export { stopSwitch } from './stop-switch.ts';
export { visible } from './visible.ts';

export type {
  Approval,
  ApprovalBindings,
  ApprovalDraft,
  ApprovalEdit,
  ApprovalFilter,
  ApprovalRefusal,
  ApprovalResult,
  ApprovalState,
  ApprovalStore,
  EditedArgs,
  Vote,
} from './approvals/approval.ts';
export type {
  ApprovalRequest,
  Approver,
  ApproverAnswer,
  AskApprover,
} from './approvals/approver.ts';
export type {
  Grant,
  GrantDraft,
  GrantFilter,
  GrantOffer,
  GrantScope,
  GrantStore,
} from './approvals/grant.ts';
export type { MemoryApprovalsOptions } from './approvals/memory.ts';
export type { Requirements, VoteRequirement } from './approvals/requirements.ts';
export type { AuditDraft, AuditEntry, AuditKind, OutcomeStatus } from './audit/entry.ts';
export type {
  AuditFilter,
  AuditLog,
  AuditReceipt,
  AuditVerification,
  Durability,
} from './audit/log.ts';
export type { MemoryAuditOptions } from './audit/memory.ts';
export type { Ambient } from './ambient.ts';
export type { CallContext, Principal, ToolCall, ToolIdentity } from './call.ts';
export type {
  DataFlow,
  FlowSight,
  FlowView,
  Origin,
  PathLabels,
  Place,
  Provenance,
  Sighting,
  Turn,
} from './data-flow.ts';
export type {
  AllowDecision,
  AskDecision,
  Conditions,
  Decision,
  DenyDecision,
  Effect,
  Needs,
} from './decision.ts';
export type { Digest } from './digest.ts';
export type { GuardErrorCode, GuardErrorDetails } from './errors.ts';
export type { GuardEvent, GuardEventName, GuardEvents, Listener } from './events.ts';
export type { Capability, Fact, ToolAnnotations, ToolEffect, ToolFacts } from './facts.ts';
export type { CallRequest, Denial, Guard, GuardedTool } from './guard.ts';
export type { GuardOptions } from './guard-options.ts';
export type { Hooks, ToolOutcome } from './hooks.ts';
export type { Labels, SessionKey } from './labels.ts';
export type { KeyedClaim, LimitClaim, Limits, Reservation } from './limits/limits.ts';
export type { ClockMark } from './limits/steady-clock.ts';
export type { Logger } from './logger.ts';
export type { Obligation } from './obligations.ts';
export type { Opened } from './pipeline/pipeline.ts';
export type { ReportDraft } from './pipeline/report.ts';
export type { ToolRun } from './pipeline/attempt.ts';
export type { ResumeRequest } from './resume.ts';
export type { Layer } from './policy/layers.ts';
export type {
  Opinion,
  Policy,
  PolicyAnswer,
  PolicyChange,
  PolicyFlip,
  PolicyFunction,
  PolicyInput,
  Ruling,
  ToolInfo,
} from './policy/policy.ts';
export type { PolicySelector, SelectorOptions, UserKey } from './policy/selector.ts';
export type { Mode, StandardPolicyOptions } from './policy/standard.ts';
export type { ToolPolicyOptions } from './policy/tool-policy.ts';
export type { Redactor, RedactOptions } from './redact.ts';
export type { GuaranteeLevel, Guarantees } from './sandbox/guarantees.ts';
export type { Confinement, Sandbox, SandboxCheck, SandboxRun } from './sandbox/sandbox.ts';
export type { SafeParseSchema, StandardSchema, ToolSchema } from './schema.ts';
export type { Secrets, StaticSecrets } from './secrets.ts';
export type { SnapshotLimits } from './snapshot.ts';
export type { MaybePromise } from './steps.ts';
export type { ManualStopSwitch, StopSwitch } from './stop-switch.ts';
export type { CallInput, RequesterAnswer, ToolSpec } from './tool.ts';
export type { WrapOptions } from './wrap.ts';
