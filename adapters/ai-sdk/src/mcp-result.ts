import { isGuardError, type ToolRun } from '@guardstile/core';

import { fieldOf, isObject } from './field-of.ts';

/** The body of a guarded call. */
export type McpBody = (args: never, run: ToolRun) => unknown;

interface Failed {
  readonly result: unknown;
  readonly thrown: unknown;
}

const LONGEST_REASON = 500;

/**
 * Runs a body through a guard. A result with `isError: true` ends the call as an error there (in
 * the log, for hooks and limits), and is still what is returned, as it is or as the guard's
 * obligations leave it.
 */
export function runMcp(run: (body: McpBody) => unknown, body: McpBody): unknown {
  let failed: Failed | undefined;

  function failing(result: unknown): unknown {
    if (fieldOf(result, 'isError') !== true) return result;
    failed = { result, thrown: thrownFor(result) };
    throw failed.thrown;
  }

  function recovered(error: unknown): unknown {
    if (failed === undefined || isGuardError(error)) throw error;
    return error === failed.thrown ? failed.result : error;
  }

  try {
    const result = run((args, started) => {
      const answered = body(args, started);
      return answered instanceof Promise ? answered.then(failing) : failing(answered);
    });
    return result instanceof Promise ? result.catch(recovered) : result;
  } catch (error) {
    return recovered(error);
  }
}

/**
 * Plain data, so that obligations treat it like the result it is, which says in words what failed.
 * Not with `noEffect`: a server must not be able to give back what a call has spent.
 */
function thrownFor(result: unknown): object {
  const { noEffect: _ignored, ...copy } = result as { readonly noEffect?: unknown };
  const text = textOf(fieldOf(result, 'content')).slice(0, LONGEST_REASON);
  const words =
    text === '' ? 'the MCP server answered isError' : `the MCP server answered isError: ${text}`;
  return Object.defineProperty(copy, 'toString', { value: () => words });
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return '';
  return (content as readonly unknown[])
    .flatMap((part) => {
      const text = isObject(part) ? fieldOf(part, 'text') : undefined;
      return typeof text === 'string' ? [text] : [];
    })
    .join(' ');
}
