export {
  createDataFlow,
  type DataFlow,
  type DataFlowOptions,
  type DataFlowReport,
} from './data-flow.ts';
export { describeProvenance } from './describe-provenance.ts';
export { describeFlowReport, type FlowReport, flowReport, type Reported } from './flow-report.ts';
export { createFlowJudge, type FlowFinding, type FlowJudge } from './judge-flow.ts';
export type { FlowRule } from './flow-rule.ts';
export { type FromRule, ruleProblem, type Unvouched, unvouchedIn } from './from-rule.ts';
export { type ResultLabels, resultLabels, type ResultReport } from './observe-result.ts';
export { observeStream, type StreamLabels } from './observe-stream.ts';
export type { Origin, OriginClass, Place } from './origin.ts';
export type { Part } from './parts-of.ts';
export { compileLabels, labelProblem, type PathLabels, type PathNode } from './path-labels.ts';
export type { Provenance, Sighting } from './provenance.ts';
export {
  createSessionFlow,
  type LookupOptions,
  type Observation,
  type Observed,
  type SessionFlow,
  type SessionFlowOptions,
} from './session-flow.ts';
export {
  createSessionFlows,
  type SessionFlows,
  type SessionFlowsOptions,
} from './session-flows.ts';
export type { FlowTool, Sink, ToolFlow } from './tool-flow.ts';
