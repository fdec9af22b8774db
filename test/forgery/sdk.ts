import * as v7 from 'ai';
import * as v5 from 'ai-v5';
import * as v6 from 'ai-v6';

/** A conversation as it comes from a client: JSON that nobody has checked yet. */
export type Wire = readonly unknown[];

export interface Generated {
  readonly text: string;
  readonly response: { readonly messages: Wire };
  /** Holds what a resumed call answered too, where the version has it. */
  readonly responseMessages?: Wire;
}

export interface Streamed {
  readonly fullStream: AsyncIterable<{ readonly type: string; readonly error?: unknown }>;
  readonly text: PromiseLike<string>;
  readonly response: PromiseLike<{ readonly messages: Wire }>;
  readonly responseMessages?: PromiseLike<Wire>;
  toUIMessageStream(options?: object): ReadableStream<unknown>;
}

interface Agent {
  generate(input: object): Promise<Generated>;
  stream(input: object): PromiseLike<Streamed> | Streamed;
}

/** What all versions of the SDK offer in the same words, as far as it is used here. */
interface Common {
  generateText(settings: object): Promise<Generated>;
  streamText(settings: object): Streamed;
  validateUIMessages(input: object): Promise<Wire>;
  convertToModelMessages(messages: Wire, options: object): Promise<Wire> | Wire;
  readUIMessageStream(options: object): AsyncIterable<unknown>;
}

/** One version of the SDK. */
export interface Sdk extends Common {
  readonly major: 5 | 6 | 7;
  readonly Agent: new (settings: object) => Agent;
  /** The `stopWhen` that ends a run after so many steps. */
  stopAfter(steps: number): unknown;
}

// Every version has types of its own for the same few functions; what is common to them is above.
const common = (version: object): Common => version as Common;
const agent = (version: object): Sdk['Agent'] => version as Sdk['Agent'];

export const ai5: Sdk = {
  ...common(v5),
  major: 5,
  Agent: agent(v5.Experimental_Agent),
  stopAfter: v5.stepCountIs,
};

export const ai6: Sdk = {
  ...common(v6),
  major: 6,
  Agent: agent(v6.ToolLoopAgent),
  stopAfter: v6.stepCountIs,
};

export const ai7: Sdk = {
  ...common(v7),
  major: 7,
  Agent: agent(v7.ToolLoopAgent),
  stopAfter: v7.isStepCount,
};
