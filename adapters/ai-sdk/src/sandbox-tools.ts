import { GuardError, type Sandbox } from '@guardstile/core';
import {
  childSandbox,
  moduleOf,
  osSandbox,
  type OsSandboxOptions,
  type ToolModule,
} from '@guardstile/sandbox';

import { fieldOf } from './field-of.ts';

export interface ToolSandboxOptions extends Omit<OsSandboxOptions, 'tools' | 'passOn'> {
  /** Whether the operating system isolates the tools, or a process of their own alone. @default 'os' */
  readonly isolation?: 'os' | 'child';
}

/**
 * The sandbox for the tools of a set whose `execute` is a `moduleFunction()`: each call runs in a fresh
 * process. The other tools of the set run as they are, and tools of no set not at all.
 *
 * @throws {GuardError} `options_invalid`, also where no tool has such an `execute`.
 */
export function toolSandbox(
  tools: Readonly<Record<string, object>>,
  { isolation = 'os', ...options }: ToolSandboxOptions = {},
): Sandbox {
  const modules: Record<string, ToolModule> = {};
  const passOn: string[] = [];
  for (const name of Object.keys(tools)) {
    const module = moduleOf(fieldOf(tools[name], 'execute'));
    if (module === undefined) passOn.push(name);
    else modules[name] = module;
  }
  if (Object.keys(modules).length === 0) {
    throw new GuardError(
      'options_invalid',
      'toolSandbox: none of the tools has an execute out of moduleFunction(); pass the tools as they are before withGuard()',
    );
  }
  const given = { ...options, tools: modules, passOn };
  return isolation === 'child' ? childSandbox(given) : osSandbox(given);
}
