export { coverageOf } from './coverage.ts';
export { coverageTable } from './coverage-table.ts';
export { definitionPins } from './definition-pins.ts';
export { guardMcpClient } from './guard-mcp-client.ts';
export { providerToolMiddleware } from './provider-tool-middleware.ts';
export { recordDenials } from './record-denials.ts';
export { unguardedTripwire } from './tripwire.ts';
export { guardOf, withGuard } from './with-guard.ts';
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

export type { CoverageReport, CoverageWarning } from './coverage.ts';
export type { ProviderToolMiddleware, ProviderToolOptions } from './provider-tool-middleware.ts';
export type {
  DefinitionFinding,
  DefinitionPins,
  DefinitionPinsOptions,
  PinnedDefinitions,
} from './definition-pins.ts';
export type { GuardMcpClientOptions } from './guard-mcp-client.ts';
export type { OnUnguarded } from './report-unguarded.ts';
export type { DefinitionPin, PinnedPart, ToolDefinition } from './tool-definition.ts';
export type { Coverage, ToolCoverage } from './tool-coverage.ts';
export type { Tripwire, TripwireOptions, UnguardedCall } from './tripwire.ts';
export type { ToolSetOptions, WithGuardOptions } from './with-guard.ts';
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
