export { definePolicy } from './define-policy.ts';
export { checkPolicy, compilePolicy } from './rule-policy.ts';
export { capabilities } from './capabilities/capabilities.ts';
export { commandMatcher } from './conditions/command.ts';
export { describeExplanation } from './describe-explanation.ts';
export { authzen } from './external/authzen.ts';
export { cedar } from './external/cedar.ts';
export { decisionPoint } from './external/decision-point.ts';
export { opa } from './external/opa.ts';
export { shadow } from './shadow.ts';
export { suggest } from './suggest.ts';
export { matchesPattern } from './tool-pattern.ts';
export { policyWarnings } from './warnings/policy-warnings.ts';

export type { CapabilitiesDocument, CapabilityPreset } from './capabilities/document.ts';
export type { PolicyOptions } from './define-policy.ts';
export type {
  AmountCondition,
  Approve,
  CommandPattern,
  Condition,
  Enforcement,
  LimitDocument,
  Literal,
  OnExpiry,
  Operators,
  PathCondition,
  PolicyDocument,
  RuleDocument,
  RuleObligation,
  When,
  Where,
  Who,
} from './document.ts';
export type { FlowApprove, FlowDocument } from './flow/document.ts';
export type { AuthzenOptions } from './external/authzen.ts';
export type { CedarAnswer, CedarEngine, CedarOptions } from './external/cedar.ts';
export type { DecisionPointOptions, PointAnswer } from './external/decision-point.ts';
export type { OpaClient, OpaOptions } from './external/opa.ts';
export type {
  ConsideredRule,
  ExplainedCondition,
  ExplainedFlow,
  Explanation,
  Flip,
  NearestAllow,
} from './explain.ts';
export type { AnyArgs, ArgsByTool, ArgsOf } from './infer-args.ts';
export type { PolicyIssue } from './issues.ts';
export type {
  AllowRule,
  DenyRule,
  RuleBuilder,
  RuleContext,
  ToolRuleBuilder,
} from './rule-builder.ts';
export type { CompileOptions, ExplainedCall, RulePolicy } from './rule-policy.ts';
export type { AttributesSchema } from './rule-context.ts';
export type { ShadowOptions, ShadowReport } from './shadow.ts';
export type { ConditionOn, WhereOf } from './typed-where.ts';
export type { WarningOptions } from './warnings/policy-warnings.ts';
