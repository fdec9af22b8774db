export { createDataFlow } from './data-flow.ts';
export type { DataFlowOptions, SessionsDataFlow } from './data-flow-options.ts';
export type { Declassification, DeclassifiedAs } from './declassification.ts';
export { describeProvenance } from './describe-provenance.ts';
export { flowPolicy, type FlowPolicy, type FlowPolicyReport } from './flow-policy.ts';
export { type FlowProblem, flowProblems } from './flow-problems.ts';
export { describeFlowReport, type FlowReport, flowReport, type Reported } from './flow-report.ts';
export type { FlowRule } from './flow-rule.ts';
export { type FlowRules, flowRules } from './flow-rules.ts';
export type { FlowSpec } from './flow-spec.ts';
export type { FlowStore } from './flow-store.ts';
export type { FromRule } from './from-rule.ts';
export type { FlowFinding } from './judge-flow.ts';
export { classOf, covers } from './origin.ts';
export type { Part } from './parts-of.ts';
export type { FlowTool, Sink, ToolFlow } from './tool-flow.ts';

export type { Origin, PathLabels, Place, Provenance, Sighting } from '@guardstile/core';
