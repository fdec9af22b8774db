import type { CallContext, ToolCall } from '../call.ts';
import type { MaybePromise } from '../steps.ts';
import type { Guarantees } from './guarantees.ts';

export type SandboxCheck =
  | { readonly ok: true; readonly guarantees: Guarantees }
  | { readonly ok: false; readonly reason: string };

export type Confinement = { readonly args: unknown } | { readonly refused: string };

/** How a sandbox starts what it confines. */
export interface SandboxRun {
  readonly context: CallContext;
  readonly signal: AbortSignal | undefined;
  /** The secrets that the tool declared, by name: a tool that runs elsewhere is handed them there. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Runs the tool's own code in this process, with the confined arguments. */
  execute(): unknown;
}

/** Confines what a tool call reaches. */
export interface Sandbox {
  readonly name: string;
  /** What it claims; only what {@link Sandbox.check} proves counts. */
  readonly guarantees: Guarantees;
  /** Proves the guarantees, with a canary where there is something to prove. */
  check(): MaybePromise<SandboxCheck>;
  /** The arguments with paths, hosts and commands resolved. Idempotent; looks up no host. */
  confine?(call: ToolCall): MaybePromise<Confinement>;
  /** Whether it runs this call itself, elsewhere: of those that say no, nothing is guaranteed. Absent: it confines every call. */
  takes?(call: ToolCall): boolean;
  /** Runs the call and returns what the tool returned, in its shape. */
  run(call: ToolCall, run: SandboxRun): unknown;
  close?(): MaybePromise<void>;
}
