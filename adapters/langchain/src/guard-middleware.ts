import { type Guard, GuardError, isGuard, ownOptions } from '@guardstile/core';
import { getConfig, interrupt } from '@langchain/langgraph';
import { type AgentMiddleware, createMiddleware, type ToolCallRequest } from 'langchain';

import { askAhead } from './middleware-asks.ts';
import { dynamicCall } from './middleware-dynamic.ts';
import { failureMessage } from './middleware-errors.ts';
import { isTool, shownTools } from './middleware-model.ts';
import { changedBy, pendingCalls } from './middleware-pending.ts';
import { type MiddlewareReport, reporter, warnOfUnguarded } from './middleware-report.ts';
import { type MiddlewareTools, middlewareTools } from './middleware-tools.ts';
import type { ToolSetOptions } from './tool-set-options.ts';
import type { ToolConfig } from './tool-shape.ts';

export interface GuardMiddlewareOptions extends ToolSetOptions {
  /** Names or types of tools that the provider runs and that may stay. @default none */
  readonly providerTools?: readonly string[];
  /** Told of the agent's tools when they are first seen, and when they change. @default a warning of what is not guarded */
  readonly onReport?: (report: MiddlewareReport) => void;
}

/** A middleware without state, context or tools of its own. */
export type GuardMiddleware = AgentMiddleware<
  undefined,
  undefined,
  unknown,
  readonly [],
  readonly []
>;

/**
 * Guards every tool call of an agent, and asks about calls before any of them starts. First in the
 * list: it keeps the errors of tools from ending the run, and leaves retries to what comes behind it.
 *
 * @example
 * const agent = createAgent({ model, tools, middleware: [guardMiddleware(guard)], checkpointer });
 *
 * @throws {GuardError} `options_invalid`, `facts_invalid` or `tool_invalid`.
 */
export function guardMiddleware(
  guard: Guard,
  options: GuardMiddlewareOptions = {},
): GuardMiddleware {
  return outermost(sceneOf(guard, options), { alone: true });
}

/**
 * The given middleware with the guard on both sides: also tools that one of them adds or swaps are
 * guarded, with the arguments that all of them have agreed on.
 *
 * @example
 * const middleware = guardAround(guard, [toolRetryMiddleware(), dynamicTools]);
 *
 * @throws {GuardError} as {@link guardMiddleware}.
 */
export function guardAround<const M extends readonly AgentMiddleware[]>(
  guard: Guard,
  middleware: M,
  options: GuardMiddlewareOptions = {},
): [GuardMiddleware, ...M, GuardMiddleware] {
  const scene = sceneOf(guard, options);
  return [outermost(scene, { alone: false }), ...middleware, innermost(scene)];
}

const KNOWN = [
  'facts',
  'source',
  'trusted',
  'toolSecrets',
  'context',
  'providerTools',
  'onReport',
] as const satisfies ReadonlyArray<keyof GuardMiddlewareOptions>;

/** The agents that one middleware stands in. */
interface Scene {
  readonly guard: Guard;
  readonly tools: MiddlewareTools;
  readonly options: GuardMiddlewareOptions;
  readonly report: (report: MiddlewareReport) => void;
}

function sceneOf(guard: Guard, given: GuardMiddlewareOptions): Scene {
  if (!isGuard(guard)) {
    throw new GuardError(
      'options_invalid',
      'guardMiddleware: pass the guard that createGuard() returned',
    );
  }
  const options = ownOptions('guardMiddleware', given, KNOWN, 'options_invalid');
  const report = reporter(options.onReport ?? warnOfUnguarded);
  return { guard, options, report, tools: middlewareTools(guard, options) };
}

/** Alone it decides by name and arguments on tools that only a middleware further in knows. */
function outermost(scene: Scene, { alone }: { readonly alone: boolean }): GuardMiddleware {
  const { guard, options } = scene;
  return createMiddleware({
    name: 'Guardstile',
    ...(alone ? { wrapModelCall: modelCall(scene) } : {}),
    afterModel: async ({ messages }) => {
      const config = currentConfig();
      const agent = agentOf(config);
      const known = (name: string) => scene.tools.named(agent, name);
      const calls = pendingCalls(messages);
      return changedBy(await askAhead(calls, { guard, config, interrupt, known }), messages);
    },
    wrapToolCall: async (request, handler) => {
      try {
        if (request.tool !== undefined) return await handler(withTool(scene, request));
        if (!alone) return await handler(request);
        const call = { ...request.toolCall, config: currentConfig() };
        return await dynamicCall(guard, call, options.context, () => handler(request));
      } catch (error) {
        return failureMessage(error, request);
      }
    },
  }) as GuardMiddleware; // declared without anything of its own
}

/** Behind all others it sees the tool that will run, wherever that came from. */
function innermost(scene: Scene): GuardMiddleware {
  return createMiddleware({
    name: 'GuardstileInnermost',
    wrapModelCall: modelCall(scene),
    wrapToolCall: (request, handler) =>
      handler(request.tool === undefined ? request : withTool(scene, request)),
  }) as GuardMiddleware; // declared without anything of its own
}

/** Shows the model what it may call, and remembers what the agent has. */
function modelCall({
  tools,
  options,
  report,
}: Scene): NonNullable<GuardMiddleware['wrapModelCall']> {
  return (request, handler) => {
    const agent = agentOf(currentConfig());
    const {
      own,
      shown,
      report: found,
    } = shownTools(request.tools, {
      agent,
      guardedTools: tools,
      providerTools: options.providerTools ?? [],
    });
    report(found);
    tools.remember(agent, own);
    if (shown.length === request.tools.length) return handler(request);
    return handler({ ...request, tools: shown as typeof request.tools }); // some of the same
  };
}

function withTool<R extends Pick<ToolCallRequest, 'tool'>>({ tools }: Scene, request: R): R {
  const { tool } = request;
  if (tool === undefined || !isTool(tool)) {
    throw new GuardError(
      'tool_invalid',
      'it is a definition for the provider, which nothing here runs',
    );
  }
  return { ...request, tool: tools.guarded(tool) };
}

function currentConfig(): ToolConfig | undefined {
  return getConfig() as ToolConfig | undefined; // LangGraph's has these fields
}

function agentOf(config: ToolConfig | undefined): string | undefined {
  const name = config?.metadata?.['lc_agent_name'];
  return typeof name === 'string' ? name : undefined;
}
