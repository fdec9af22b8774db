import { type CallRequest, type Guard, GuardError, type ToolRun } from '@guardstile/core';

import { eitherSignal } from './either-signal.ts';
import { fieldOf, isObject } from './field-of.ts';
import { isProtocolClient, listAll, type Method, methodOf } from './mcp-listing.ts';
import { mcpFailure } from './mcp-failure.ts';
import type { McpSource } from './mcp-source.ts';

/** `callTool()` of a client, through the guard. */
export function mcpCall(client: object, guard: Guard, source: McpSource): Method {
  return async (asked, ...rest) => {
    // A copy, since nothing else may be called in the end than was decided on.
    const given = isObject(asked) ? { ...asked } : {};
    const name = fieldOf(given, 'name');
    if (typeof name !== 'string') {
      throw new GuardError('tool_invalid', 'callTool: pass { name, arguments } of the tool');
    }
    const signal = signalOf(client, given, rest);
    if (source.listedOnly && !source.listed(name)) {
      const tools = await listAll(client, signal);
      if (tools !== undefined) source.observe(tools, true);
    }
    const request = requestOf(guard, source, name, fieldOf(given, 'arguments') ?? {}, signal);
    const call = methodOf(client, 'callTool');
    return guard.call(request, (args: unknown, { signal: ends }: ToolRun) =>
      call?.(...argumentsOf(client, { given, rest, args, signal: ends })),
    );
  };
}

function requestOf(
  guard: Guard,
  source: McpSource,
  tool: string,
  args: unknown,
  signal: AbortSignal | undefined,
): CallRequest {
  const { secrets: _secrets, ...stated } = source.stated(tool);
  const denial = source.denial(tool);
  const definition = denial === undefined ? source.definition(tool) : undefined;
  const { description, annotations } = definition ?? {};
  return {
    tool,
    source: stated.source ?? '',
    trusted: stated.trusted ?? false,
    facts: stated.facts ?? [],
    args,
    failure: mcpFailure,
    ...(typeof description === 'string' ? { description } : {}),
    ...(isObject(annotations) ? { annotations } : {}),
    ...(denial === undefined ? {} : { demands: [denial] }),
    ...(signal === undefined
      ? {}
      : { context: { signal: eitherSignal(signal, guard.context.signal) } }),
  };
}

/** `@ai-sdk/mcp` takes options inside the request, the protocol's own SDK as the third argument. */
function signalOf(
  client: object,
  given: unknown,
  [, options]: readonly unknown[],
): AbortSignal | undefined {
  const from = isProtocolClient(client) ? options : fieldOf(given, 'options');
  const signal = fieldOf(from, 'signal');
  return signal instanceof AbortSignal ? signal : undefined;
}

interface Call {
  readonly given: object;
  readonly rest: readonly unknown[];
  readonly args: unknown;
  /** Also ends when the time of the call is over. */
  readonly signal: AbortSignal | undefined;
}

function argumentsOf(client: object, { given, rest, args, signal }: Call): readonly unknown[] {
  const request = { ...given, arguments: args };
  if (signal === signalOf(client, given, rest)) return [request, ...rest];
  const [schema, options, ...others] = rest;
  if (isProtocolClient(client)) {
    return [request, schema, { ...(options as object | undefined), signal }, ...others];
  }
  const own = fieldOf(given, 'options') as object | undefined;
  return [{ ...request, options: { ...own, signal } }, ...rest];
}
