import { GuardError, type Sandbox } from '@guardstile/core';
import {
  childSandbox,
  moduleOf,
  osSandbox,
  type OsSandboxOptions,
  type ToolModule,
} from '@guardstile/sandbox';

import type { ToolLike } from './guard-tool.ts';

export interface ToolSandboxOptions extends Omit<OsSandboxOptions, 'tools' | 'passOn'> {
  /** Whether the operating system isolates the tools, or a process of their own alone. @default 'os' */
  readonly isolation?: 'os' | 'child';
}

/**
 * The sandbox for the tools, as a list or a record, whose `func` is a `moduleFunction()`: each call
 * runs in a fresh process. The other ones run as they are, and tools that are not among them not at
 * all. `tool()` of LangChain puts a function of its own around the given one: use
 * `new DynamicStructuredTool({ func, … })`.
 *
 * @throws {GuardError} `options_invalid`, also where no tool has such a `func`.
 */
export function toolSandbox(
  tools: readonly ToolLike[] | Readonly<Record<string, ToolLike>>,
  { isolation = 'os', ...options }: ToolSandboxOptions = {},
): Sandbox {
  const modules: Record<string, ToolModule> = {};
  const passOn: string[] = [];
  for (const tool of Object.values(tools)) {
    const module = moduleOf(Reflect.get(tool, 'func'));
    if (module === undefined) passOn.push(tool.name);
    else modules[tool.name] = module;
  }
  if (Object.keys(modules).length === 0) {
    throw new GuardError(
      'options_invalid',
      'toolSandbox: none of the tools has a func out of moduleFunction(); make them with new DynamicStructuredTool({ func: moduleFunction(…), … }), and pass them as they are before withGuard()',
    );
  }
  const given = { ...options, tools: modules, passOn };
  return isolation === 'child' ? childSandbox(given) : osSandbox(given);
}
