import type { ModelMessage, ToolSet } from 'ai';

/** What a scripted model says in one step. */
export type Said =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'tool-call';
      readonly toolCallId: string;
      readonly toolName: string;
      readonly input: string;
      readonly providerExecuted?: boolean;
    }
  | {
      readonly type: 'tool-result';
      readonly toolCallId: string;
      readonly toolName: string;
      readonly result: string;
      readonly providerExecuted: true;
    };

/** A part of a step as it is streamed, apart from its first and last one. */
export type StreamedPart =
  | Extract<Said, { readonly type: 'tool-call' | 'tool-result' }>
  | { readonly type: 'text-start' | 'text-end'; readonly id: string }
  | { readonly type: 'text-delta'; readonly id: string; readonly delta: string }
  | { readonly type: 'tool-input-start'; readonly id: string; readonly toolName: string }
  | { readonly type: 'tool-input-delta'; readonly id: string; readonly delta: string }
  | { readonly type: 'tool-input-end'; readonly id: string };

/** One step of a scripted model, whole and streamed. */
export interface ModelStep {
  readonly content: Said[];
  readonly streamed: StreamedPart[];
}

interface SentToModel {
  readonly prompt: ReadonlyArray<{ readonly role: string; readonly content: unknown }>;
  readonly tools?: unknown;
}

/** A mock model of some version, as far as it is read here. */
export interface ScriptedModel {
  readonly doGenerateCalls: readonly SentToModel[];
  readonly doStreamCalls: readonly SentToModel[];
}

/** What a caller sets; the rest differs by version and is checked by nobody. */
export interface Settings {
  readonly model: ScriptedModel;
  readonly tools?: ToolSet;
  readonly messages?: readonly ModelMessage[];
  readonly prompt?: string;
  readonly abortSignal?: AbortSignal;
  readonly [other: string]: unknown;
}

export type AgentInput = Pick<Settings, 'messages' | 'abortSignal'>;

/** Fields of a step that all versions have. */
export interface Step {
  readonly content: ReadonlyArray<{
    readonly type: string;
    readonly toolCallId?: string;
    readonly input?: unknown;
    readonly output?: unknown;
    readonly error?: unknown;
  }>;
}

/** Fields of a result that all versions have. */
export interface Generated {
  readonly text: string;
  readonly steps: readonly Step[];
  /** Of ai 7 only. */
  readonly responseMessages?: readonly ModelMessage[];
  /** Its messages are those of ai 5 and 6. */
  readonly response: { readonly messages?: readonly ModelMessage[] };
}

export interface StreamPart {
  readonly type: string;
  readonly toolCallId?: string;
  readonly output?: unknown;
  readonly preliminary?: boolean;
  readonly error?: unknown;
}

/** The same while it is streamed. */
export interface Streamed {
  readonly fullStream: AsyncIterable<StreamPart>;
  readonly textStream: AsyncIterable<string>;
  readonly text: PromiseLike<string>;
  readonly steps: PromiseLike<readonly Step[]>;
  readonly responseMessages?: PromiseLike<readonly ModelMessage[]>;
  readonly response: PromiseLike<Generated['response']>;
}

export interface Agent {
  readonly generate: (input: AgentInput) => Promise<Generated>;
  readonly stream: (input: AgentInput) => PromiseLike<Streamed> | Streamed;
}

/**
 * A version of the SDK as far as it is used here. Tools and messages have the newest version's
 * types: in every version they are plain data of the same shape.
 */
export interface Sdk {
  readonly name: 'ai 5' | 'ai 6' | 'ai 7';
  readonly major: 5 | 6 | 7;
  /** What this version calls its agent. */
  readonly agentName: string;
  /** Whether a run can stop for a person. */
  readonly nativeApproval: boolean;
  /** What its models read of an error that a tool throws. */
  readonly errorText: (error: Error) => string;
  readonly jsonSchema: (schema: object) => ToolSet[string]['inputSchema'];
  readonly generateText: (settings: Settings) => Promise<Generated>;
  readonly streamText: (settings: Settings) => Streamed;
  readonly agent: (settings: Settings) => Agent;
  /** The `stopWhen` that ends a run after so many steps. */
  readonly stopAfter: (steps: number) => unknown;
  /** A model of this version's own specification that takes its steps from the function. */
  readonly modelOf: (next: () => ModelStep) => ScriptedModel;
}
