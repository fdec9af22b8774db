import type { Turn } from '@guardstile/core';
import {
  type BaseMessage,
  type BaseMessageLike,
  coerceMessageLikeToMessage,
} from '@langchain/core/messages';

import { dataOf, itemsOf } from './data-of.ts';
import { kindOf } from './message-kind.ts';
import { turnsIn } from './turns-in.ts';

/** The start of a run, as LangChain tells handlers of it. */
export interface RunStart {
  readonly parentRun: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/**
 * What an application started a run with: `messages` of a graph, or the prompt of a model that it
 * offers tools to. What runs inside of another run was told by code or by a model.
 */
export function startedWith(start: RunStart, messages: unknown): readonly Turn[] {
  return isOutermost(start) ? turnsIn(listOf(messages).flatMap(asMessage), 'person') : [];
}

/**
 * The messages that a graph is started with, in its state or as a list in place of one. Chains that are
 * no graph are asked about texts of any origin too.
 */
export function conversationOf(chain: unknown, inputs: unknown): unknown {
  if (dataOf(dataOf(chain, 'id'), 0) !== 'langgraph') return [];
  return dataOf(inputs, 'messages') ?? itemsOf(dataOf(inputs, 'input')).filter(isMessage);
}

function isMessage(value: unknown): boolean {
  return typeof kindOf(value) === 'string';
}

/** Whether a model can call tools in this request: others are asked about texts of any origin. */
export function offersTools(extra: unknown): boolean {
  return ['options', 'invocation_params'].some(
    (where) => itemsOf(dataOf(dataOf(extra, where), 'tools')).length > 0,
  );
}

/**
 * A run with callbacks of its own has no parent, but still knows the graph around it. One that goes on
 * from a checkpoint has the empty name of that.
 */
function isOutermost({ parentRun, metadata }: RunStart): boolean {
  return (
    parentRun === undefined &&
    ['checkpoint_ns', 'langgraph_checkpoint_ns'].every((name) =>
      [undefined, ''].includes(dataOf(metadata, name) as string | undefined),
    )
  );
}

function listOf(messages: unknown): readonly unknown[] {
  return Array.isArray(messages) ? itemsOf(messages) : [messages];
}

/** As LangChain reads what may stand for a message; what it does not understand says nothing. */
function asMessage(like: unknown): readonly BaseMessage[] {
  try {
    return [coerceMessageLikeToMessage(like as BaseMessageLike)]; // refuses what is none
  } catch {
    return [];
  }
}
