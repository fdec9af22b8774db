import type * as aiSdkNode from '@guardstile/ai-sdk/node';
import type { Guard } from '@guardstile/core';

import type { DemoTools } from './tools.ts';

/** What an agent of a framework is set up with. */
export interface Setting {
  readonly guard: Guard;
  readonly tools: DemoTools;
}

/** What came of the agent's work. */
export interface Worked {
  readonly text: string;
  /** Everything that the model was told. */
  readonly seen: string;
}

export interface DemoAgent {
  /** Which model it has, in words. */
  readonly model: string;
  work(prompt: string, signal: AbortSignal): Promise<Worked>;
}

/** What every adapter offers for Node. */
export type NodeParts = Pick<
  typeof aiSdkNode,
  'createAuditKeys' | 'fileAnchor' | 'fileAudit' | 'terminalApprover' | 'verifyLog'
>;

/** What differs between the frameworks. Everything else of the demo is the same for all of them. */
export interface DemoFramework {
  /** As in "an AI SDK agent". */
  readonly words: string;
  /** The adapter's `/node`. */
  readonly node: NodeParts;
  agent(setting: Setting): Promise<DemoAgent>;
}
