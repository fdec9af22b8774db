import type { Turn } from '@guardstile/core';

import { dataOf } from './data-of.ts';
import type { ToolConfig } from './tool-shape.ts';
import { turnsIn } from './turns-in.ts';

/**
 * What was said before a call: in the messages of the graph in which it is made, or in the state
 * that a `ToolNode` was given where there is no graph.
 */
export function turnsOfConfig(config: ToolConfig | undefined): readonly Turn[] {
  const state = messagesIn(dataOf(config, 'state'));
  const configurable = dataOf(config, 'configurable');
  const scratchpad = dataOf(configurable, '__pregel_scratchpad');
  if (scratchpad === undefined) return turnsIn(state, 'person');
  const graph = messagesIn(dataOf(scratchpad, 'currentTaskInput'));
  const voice = isNested(dataOf(configurable, 'checkpoint_ns')) ? 'anyone' : 'person';
  // What a node or a tool makes up beside the graph's own messages nobody has typed.
  const beside = state === graph ? undefined : state;
  return [...turnsIn(graph, voice), ...turnsIn(beside, 'anyone')];
}

/** The messages of the graph in which a call is made. */
export function messagesOfGraph(config: ToolConfig | undefined): unknown {
  const scratchpad = dataOf(dataOf(config, 'configurable'), '__pregel_scratchpad');
  return messagesIn(dataOf(scratchpad, 'currentTaskInput'));
}

/** The state of a graph, or a list of messages in its place. */
function messagesIn(state: unknown): unknown {
  return Array.isArray(state) ? state : dataOf(state, 'messages');
}

/** The namespace of a step has one part for each graph around it. */
function isNested(namespace: unknown): boolean {
  return typeof namespace !== 'string' || namespace.includes('|');
}
