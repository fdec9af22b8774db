import { GuardError } from '@guardstile/core';
import type { ToolModule } from '../child/module-ref.ts';

/** A function that a module exports, as the body of a tool here. */
export type ModuleFunction<F extends (...args: never[]) => unknown> = (
  ...args: First<Parameters<F>>
) => Promise<Awaited<ReturnType<F>>>;

/** What comes behind the arguments is the framework's; inside it is the sandbox's. */
type First<T extends readonly unknown[]> = T extends readonly [infer Args, ...unknown[]]
  ? [args: Args]
  : [];

const modules = new WeakMap<object, Required<Pick<ToolModule, 'module' | 'export'>>>();

/**
 * Stands for a function of a module that is never loaded here: a guard whose sandbox has the module
 * runs it in a process of its own, and without one it rejects.
 *
 * @example
 * const execute = moduleFunction<typeof import('./tools/resize.ts').resize>(
 *   new URL('./tools/resize.js', import.meta.url),
 *   'resize',
 * );
 */
export function moduleFunction<F extends (...args: never[]) => unknown>(
  module: URL | string,
  name: string,
): ModuleFunction<F> {
  const body = async (): Promise<never> => {
    throw new GuardError(
      'sandbox_unavailable',
      `"${name}" runs in a sandbox only, and here it has none; guard the tool with one that runs its module`,
    );
  };
  modules.set(body, { module, export: name });
  return body;
}

/** What a function stands for, if it came out of {@link moduleFunction}. */
export function moduleOf(body: unknown): ToolModule | undefined {
  return typeof body === 'function' ? modules.get(body) : undefined;
}
