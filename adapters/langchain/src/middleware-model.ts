import type { ToolLike } from './guard-tool.ts';
import type { MiddlewareReport } from './middleware-report.ts';
import type { MiddlewareTools } from './middleware-tools.ts';
import { refuseNamesakes } from './refuse-namesakes.ts';

/** The tools that the model is shown, and what there is to say of them. */
export interface ShownTools {
  /** Those that run in this process, by name. */
  readonly own: ReadonlyMap<string, ToolLike>;
  readonly shown: readonly object[];
  readonly report: MiddlewareReport;
}

/** For which agent, and by what, tools are sorted. */
export interface Sorting {
  readonly agent: string | undefined;
  readonly guardedTools: MiddlewareTools;
  readonly providerTools: readonly string[];
}

/**
 * Sorts an agent's tools: tools to guard, tools that are always denied, and what a provider runs.
 * Each time anew, since policies change, and other middleware may change the list.
 *
 * @throws {GuardError} `tool_invalid` for two tools of one name.
 */
export function shownTools(
  tools: readonly object[],
  { agent, guardedTools, providerTools }: Sorting,
): ShownTools {
  const own = tools.filter((tool) => isTool(tool));
  refuseNamesakes(own);
  const hidden = own.filter((tool) => guardedTools.known(tool).tool.fixed()?.effect === 'deny');
  const provided = tools.filter((tool) => !isTool(tool));
  const unguarded = provided.filter((tool) => names(tool).some((n) => providerTools.includes(n)));
  const removed = provided.filter((tool) => !unguarded.includes(tool));
  return {
    own: new Map(own.map((tool) => [tool.name, tool])),
    shown: tools.filter((tool) => !(hidden as object[]).includes(tool) && !removed.includes(tool)),
    report: {
      agent,
      guarded: own.map(({ name }) => name),
      hidden: hidden.map(({ name }) => name),
      removed: removed.map(nameOf),
      unguarded: unguarded.map(nameOf),
      remarks: own.flatMap(remarksOn),
    },
  };
}

/** A tool that runs in this process; anything else is a definition for the provider. */
export function isTool(tool: object): tool is ToolLike {
  return 'lc_runnable' in tool && tool.lc_runnable === true;
}

/** Said of the tool with which deep agents start others. */
export const TASK_REMARK =
  'task starts sub-agents, which do not inherit middleware; guard them with guardDeepAgent()';

function remarksOn(tool: ToolLike): readonly string[] {
  const { metadata } = tool as { readonly metadata?: unknown };
  const headless =
    typeof metadata === 'object' &&
    metadata !== null &&
    Object.hasOwn(metadata, 'headlessTool') &&
    (metadata as { readonly headlessTool?: unknown }).headlessTool === true;
  if (headless)
    return [`${tool.name} runs in the client: the guard decides on it and sees its result only`];
  if (tool.name !== 'task') return [];
  return [TASK_REMARK];
}

/** By what a definition for a provider can be meant. */
function names(definition: object): readonly string[] {
  const { name, type } = definition as { readonly name?: unknown; readonly type?: unknown };
  return [name, type].filter((one) => typeof one === 'string');
}

function nameOf(definition: object): string {
  const [name = 'a tool without a name'] = names(definition);
  return name;
}
