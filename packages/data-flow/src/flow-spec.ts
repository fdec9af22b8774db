import type { FlowRule } from './flow-rule.ts';
import type { ToolFlow } from './tool-flow.ts';

/** What is stated of where values may come from and go to: plain data. */
export interface FlowSpec {
  /** By tool name; a tool of another source than `app` as `source/name`. */
  readonly tools?: Readonly<Record<string, ToolFlow>>;
  readonly rules?: readonly FlowRule[];
}
