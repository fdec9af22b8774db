import type { Guard, GuardOptions, PolicyInput } from '@guardstile/core';
import type * as z from 'zod';

/** A tool in no framework's words. It has a `run` or a `stream`. */
export interface NeutralTool {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType;
  readonly run?: (args: unknown, given: BodyGiven) => unknown;
  /** Yields previews; the last value is the result. */
  readonly stream?: (args: unknown, given: BodyGiven) => AsyncGenerator<unknown, unknown, unknown>;
}

/** What the framework gives a body besides its arguments. */
export interface BodyGiven {
  readonly signal: AbortSignal | undefined;
}

/** A call that the scripted model makes, with arguments as a model writes them. */
export interface ScriptedCall {
  readonly id: string;
  readonly tool: string;
  readonly args: unknown;
}

/** What became of one call that ran or was refused. */
export interface CallOutcome {
  readonly id: string;
  readonly tool: string;
  /** Values before the last one, as the framework handed them on. */
  readonly previews: readonly unknown[];
  /** The result as the framework keeps it. */
  readonly result?: unknown;
  /** What the framework keeps of the failure. */
  readonly error?: unknown;
  /** What the model reads of it. */
  readonly seen: string;
}

/** A run of an agent that has ended, or that waits for a person. */
export interface AgentRun<Tools> {
  /** What the framework told the model of the tools. */
  readonly offered: unknown;
  /** Every message that the model was sent, without what differs from run to run. */
  readonly transcript: unknown;
  /** By call id; calls that wait have none yet. */
  readonly outcomes: ReadonlyMap<string, CallOutcome>;
  /** Ids of the calls that wait for a person. */
  readonly waiting: readonly string[];
  /** The model's last words; `undefined` while calls wait. */
  readonly answer: string | undefined;
  /** Answers all waiting calls as the framework has it, and lets the run go on. */
  resume(tools: Tools, verdict: 'approve' | 'deny'): Promise<AgentRun<Tools>>;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** What the user types before the model answers. @default 'go on' */
  readonly said?: string;
  /** A run that has ended: its conversation goes on with what is said now. */
  readonly after?: AgentRun<unknown>;
}

/** What a framework has. For what it lacks, the suite asserts what happens instead. */
export interface Capabilities {
  /** A run can stop and ask a person. Otherwise an ask without an approver is a refusal. */
  readonly nativeApproval: boolean;
  /** Previews reach the caller. Otherwise only the last value does. */
  readonly streaming: boolean;
  /** A run can be aborted. Otherwise it ends when its bodies end. */
  readonly abort: boolean;
  /** The calls of one step run at once. Otherwise one after the other. */
  readonly parallel: boolean;
  /** Errors reach the caller as the objects they are. Otherwise only their text does. */
  readonly errorObjects: boolean;
}

export type GuardArguments =
  | readonly [guard: Guard, options?: SetOptions]
  | readonly [policy: PolicyInput, options?: SetOptions & Omit<GuardOptions, 'policy'>];

/** What every adapter's options for a set of tools have. */
export type SetOptions = Pick<GuardOptions, 'facts'>;

/** An adapter and its framework, as the suite drives them. */
export interface AdapterHarness<Tools> {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** The framework's own tools, unguarded. */
  tools(descriptions: readonly NeutralTool[]): Tools;
  /** The adapter: what an application calls. */
  guard(tools: Tools, ...given: GuardArguments): Tools;
  /** The adapter's way from guarded tools to their guard. */
  guardOf(tools: Tools): Guard;
  /** Names of the tools in order. */
  names(tools: Tools): readonly string[];
  /**
   * Runs an agent whose model makes the given calls, step by step, and then answers. Rejects when
   * the framework ends the run with an error.
   */
  run(
    tools: Tools,
    steps: ReadonlyArray<readonly ScriptedCall[]>,
    options?: RunOptions,
  ): Promise<AgentRun<Tools>>;
  /** Calls the tool as application code would, past the agent. */
  call(tools: Tools, call: ScriptedCall): Promise<unknown>;
}
