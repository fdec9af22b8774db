import { type Guard, GuardError } from '@guardstile/core';
import type { AgentMiddleware } from 'langchain';

import { guardMiddleware, type GuardMiddlewareOptions } from './guard-middleware.ts';
import { TASK_REMARK } from './middleware-model.ts';
import { warnOfUnguarded } from './middleware-report.ts';

/** The parameters of `createDeepAgent()` that have to do with who makes tool calls. */
export interface DeepAgentParams {
  readonly model?: unknown;
  readonly tools?: unknown;
  readonly middleware?: readonly AgentMiddleware[];
  readonly subagents?: readonly DeepSubagent[];
  readonly skills?: unknown;
}

interface DeepSubagent {
  readonly name: string;
  readonly mode?: unknown;
  readonly middleware?: readonly AgentMiddleware[];
}

/** As `deepagents` names the sub-agent that it adds by itself, without the agent's middleware. */
const GENERAL_PURPOSE = 'general-purpose';

export interface GuardDeepAgentOptions extends GuardMiddlewareOptions {
  /** Names of sub-agents that were built elsewhere and have a guard of their own. @default none */
  readonly guardedElsewhere?: readonly string[];
}

/**
 * The parameters of a deep agent with the guard in the agent itself and in each of its sub-agents,
 * which do not inherit middleware.
 *
 * @example
 * const agent = createDeepAgent(guardDeepAgent(guard, { model, tools, subagents, checkpointer }));
 *
 * @throws {GuardError} `tool_invalid` for a sub-agent that was built elsewhere, whose calls no guard
 * here could see.
 */
export function guardDeepAgent<P extends DeepAgentParams>(
  guard: Guard,
  params: P,
  options: GuardDeepAgentOptions = {},
): P {
  const { guardedElsewhere = [], ...rest } = options;
  const { onReport = warnOfUnguarded } = rest;
  const own = guardMiddleware(guard, {
    ...rest,
    onReport: (report) => {
      const remarks = report.remarks.filter((remark) => remark !== TASK_REMARK);
      onReport({ ...report, remarks });
    },
  });
  const { middleware = [], subagents = [], skills } = params;
  const guarded = subagents.map((subagent) => withMiddleware(subagent, own, guardedElsewhere));
  const added = subagents.some(({ name }) => name === GENERAL_PURPOSE)
    ? []
    : [generalPurpose(own, skills)];
  return { ...params, middleware: [own, ...middleware], subagents: [...added, ...guarded] };
}

function withMiddleware(
  subagent: DeepSubagent,
  own: AgentMiddleware,
  guardedElsewhere: readonly string[],
): DeepSubagent {
  const elsewhere = 'runnable' in subagent || 'graphId' in subagent;
  if (elsewhere && guardedElsewhere.includes(subagent.name)) return subagent;
  if (elsewhere) {
    throw new GuardError(
      'tool_invalid',
      `the sub-agent "${subagent.name}" was built elsewhere, and its calls cannot be seen here; guard it there and name it in guardedElsewhere`,
      { tool: 'task' },
    );
  }
  // A fork has the agent's own middleware already.
  if (subagent.mode === 'fork') return subagent;
  return { ...subagent, middleware: [own, ...(subagent.middleware ?? [])] };
}

function generalPurpose(own: AgentMiddleware, skills: unknown): DeepSubagent {
  const spec = {
    name: GENERAL_PURPOSE,
    description:
      'General-purpose agent for researching complex questions, searching for files and content, and executing multi-step tasks. It has access to all tools of the main agent.',
    systemPrompt:
      'In order to complete the objective that the user asks of you, you have access to a number of standard tools.',
    mode: 'isolated',
    middleware: [own],
  };
  return skills === undefined ? spec : Object.assign(spec, { skills });
}
