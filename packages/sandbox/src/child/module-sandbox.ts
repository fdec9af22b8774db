import {
  type Guarantees,
  GuardError,
  type Sandbox,
  type SandboxCheck,
  type ToolCall,
} from '@guardstile/core';
import type { Caller } from './caller.ts';
import { type ModuleTool, toolOf } from './module-ref.ts';
import { valueOf } from './outcome.ts';
import { plainJson } from './plain-json.mts';

/** What a sandbox that runs tools from modules is made of. */
export interface ModuleSandboxParts {
  readonly name: string;
  readonly guarantees: Guarantees;
  readonly tools: readonly ModuleTool[];
  /** Names of tools that the next sandbox, or this process, runs. */
  readonly passOn: readonly string[];
  readonly caller: Caller;
  /** Proves the guarantees. */
  prove(): Promise<SandboxCheck>;
}

/** Runs tools from modules in processes of their own, and refuses every tool that it has no module for. */
export function moduleSandbox(parts: ModuleSandboxParts): Sandbox {
  const { name, guarantees, tools, passOn, caller } = parts;

  function passes({ tool }: ToolCall): boolean {
    return passOn.includes(tool.name);
  }

  return {
    name,
    guarantees,
    check: () => parts.prove(),
    takes: (call) => toolOf(tools, call) !== undefined,
    confine(call) {
      if (toolOf(tools, call) !== undefined) return confined(call);
      return passes(call) ? { args: call.confined } : { refused: noModule(call) };
    },
    async run(call, run) {
      const tool = toolOf(tools, call);
      if (tool === undefined) {
        if (passes(call)) return run.execute();
        throw new GuardError('sandbox_refused', noModule(call), {
          tool: call.tool.name,
          rid: call.rid,
        });
      }
      const { signal, secrets } = run;
      const outcome = await caller.call({
        url: tool.url,
        export: tool.export,
        args: call.confined,
        secrets,
        signal,
      });
      return valueOf(outcome, call);
    },
    close: () => caller.close(),
  };

  function noModule({ tool }: ToolCall): string {
    return `it has no module for "${tool.name}"; name one under tools, or name the tool under passOn to have it run without this sandbox`;
  }
}

/** Arguments that would arrive as others are refused before anybody decides. */
function confined(call: ToolCall): { readonly args: unknown } | { readonly refused: string } {
  try {
    plainJson(call.confined, true);
    return { args: call.confined };
  } catch (error) {
    return {
      refused: `${error instanceof Error ? error.message : String(error)}, so that it cannot reach another process; let its schema say text or a number instead`,
    };
  }
}
