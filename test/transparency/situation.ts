import type { ModelMessage, ToolSet } from 'ai';
import type { ModelStep } from '../conformance/ai-sdk/sdk.ts';
import type { Face } from './face.ts';

/** What a situation is built from, anew for every run. */
export interface World {
  readonly sdk: Face;
  /** Writes down what happens besides the results, in order. */
  readonly log: (what: string, ...details: readonly unknown[]) => void;
  /** Of the signal that the run gets. */
  readonly controller: AbortController;
}

/** One run: what an application passes to the SDK, and what the model then does. */
export interface Setting {
  readonly tools: ToolSet;
  readonly steps: ReadonlyArray<ModelStep | (() => ModelStep)>;
  readonly messages?: readonly ModelMessage[];
  /** Settings of all versions at once: each reads those that it knows. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** How a person answers what the SDK asks; otherwise the run ends there. */
  readonly answer?: 'approve' | 'deny';
}

export interface Situation {
  readonly name: string;
  /** Where a version lacks what it is about. @default all */
  readonly versions?: ReadonlyArray<Face['name']>;
  /** Only a decision that is made at once leaves this as it is; see `differences.test.ts`. */
  readonly atOnce?: boolean;
  readonly setUp: (world: World) => Setting;
}

/** Puts something around tools: a guard, a mutant, or nothing. */
export type Protect = <T extends ToolSet>(tools: T) => T;

/** The same where it sets more than the tools. */
export type Around = (setting: Setting) => Setting;

/** Tools as they are. */
export const nothing: Protect = (tools) => tools;

export function aroundTools(protect: Protect): Around {
  return ({ tools, ...rest }) => ({ ...rest, tools: protect(tools) });
}
