export { checkPolicy, compilePolicy } from './rule-policy.ts';
export { describeExplanation } from './describe-explanation.ts';

export type { CapabilitiesDocument, CapabilityPreset } from './capabilities/document.ts';
export type {
  AmountCondition,
  Approve,
  CommandPattern,
  Condition,
  Enforcement,
  Literal,
  Operators,
  PathCondition,
  PolicyDocument,
  RuleDocument,
  When,
  Where,
  Who,
} from './document.ts';
export type {
  ConsideredRule,
  ExplainedCondition,
  Explanation,
  Flip,
  NearestAllow,
} from './explain.ts';
export type { PolicyIssue } from './issues.ts';
export type { CompileOptions, ExplainedCall, RulePolicy } from './rule-policy.ts';
