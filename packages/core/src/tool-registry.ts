import type { Parts } from './guard-options.ts';
import { flipReporter } from './policy-flips.ts';
import {
  type CallInput,
  refusedTool,
  type RegisteredTool,
  registerTool,
  type ToolDetails,
  type ToolSpec,
} from './tool.ts';

/** A request to call a tool: what the tool is, and with what. */
export type CallRequest = Omit<ToolSpec, 'name'> & CallInput & { readonly tool: string };

/** The tools of a guard, their rules resolved as rarely as possible. */
export interface ToolRegistry {
  /** Resolves the rules anew. */
  register(spec: ToolSpec): RegisteredTool;
  /** Resolves the rules of the same spec once. */
  registerOnce(spec: ToolSpec): RegisteredTool;
  /** The tool that was registered last under this name. */
  named(source: string, name: string): RegisteredTool | undefined;
  /** The tool of a request. One that cannot be guarded is denied like any other call, and logged. */
  ofRequest(request: CallRequest): RegisteredTool;
}

/** Names that calls without a `ToolSpec` may make up; further ones are registered at every call. */
const MOST_NAMES = 10_000;

export function toolRegistry(parts: Parts): ToolRegistry {
  const { policy, facts, tools, unicodeNames } = parts;
  const flipped = flipReporter(parts);
  const specs = new WeakMap<ToolSpec, RegisteredTool>();
  const names = new Map<string, RegisteredTool>();
  const latest = new Map<string, RegisteredTool>();

  /** What is stated with the tool goes before what was stated for its name. */
  function register(spec: ToolSpec): RegisteredTool {
    // A server must not get what was stated of the application's own tool by giving its tool that name.
    const ours = !Object.hasOwn(spec, 'source') || spec.source === 'app';
    const stated = ours ? statedOf(spec.name) : undefined;
    return registerTool(stated === undefined ? spec : { ...stated, ...spec }, policy, {
      unicodeNames,
      flipped,
    });
  }

  function statedOf(name: string): ToolDetails | undefined {
    const details = Object.hasOwn(tools, name) ? tools[name] : undefined;
    const fact = Object.hasOwn(facts, name) ? facts[name] : undefined;
    return fact === undefined ? details : { facts: fact, ...details };
  }

  function remember(tool: RegisteredTool): RegisteredTool {
    const { source, name } = tool.info.identity;
    const key = keyOf(source, name);
    if (latest.has(key) || latest.size < MOST_NAMES) latest.set(key, tool);
    return tool;
  }

  return {
    register: (spec) => remember(register(spec)),
    named: (source, name) => latest.get(keyOf(source, name)),
    registerOnce(spec) {
      let tool = specs.get(spec);
      if (tool === undefined) {
        tool = remember(register(spec));
        specs.set(spec, tool);
      }
      return tool;
    },
    ofRequest(request) {
      const {
        tool: name,
        args,
        id,
        context,
        demands,
        turns,
        answer,
        parsed,
        approval,
        ...spec
      } = request;
      void [args, id, context, demands, turns, answer, parsed, approval];
      const plain = Object.keys(spec).length === 0;
      const known = plain ? names.get(name) : undefined;
      if (known !== undefined) return known;
      try {
        const tool = register({ ...spec, name });
        if (plain && names.size < MOST_NAMES) names.set(name, tool);
        return tool;
      } catch (error) {
        return refusedTool(String(name), error);
      }
    },
  };
}

function keyOf(source: string, name: string): string {
  return JSON.stringify([source, name]);
}
