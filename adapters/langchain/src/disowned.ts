import {
  type BaseMessage,
  type BaseMessageLike,
  coerceMessageLikeToMessage,
} from '@langchain/core/messages';

import { dataOf, itemsOf } from './data-of.ts';
import { kindOf } from './message-kind.ts';
import type { ToolConfig } from './tool-shape.ts';
import { messagesOfGraph } from './turns-of-config.ts';

/** What says of a message in the role of the user that a tool has made it. */
const NOTE = { guardstile_made_by: 'tool' } as const;

/**
 * What a tool returned, with a note in messages that its commands put into a conversation in the role
 * of the user: nobody has typed them. Those that were there before stay as they are.
 */
export function disowned(result: unknown, config: ToolConfig | undefined): unknown {
  for (const one of Array.isArray(result) ? itemsOf(result) : [result]) {
    if (typeof one !== 'object' || one === null) continue;
    if (dataOf(one, 'lg_name') === 'Command') disown(one, itemsOf(messagesOfGraph(config)));
  }
  return result;
}

function disown(command: object, before: readonly unknown[]): void {
  const update = dataOf(command, 'update');
  if (Array.isArray(update)) {
    replace(
      command,
      'update',
      update.map((pair: unknown) =>
        dataOf(pair, 0) === 'messages' ? ['messages', noted(dataOf(pair, 1), before)] : pair,
      ),
    );
  } else replaceMessages(command, 'update', before);
  const goto = dataOf(command, 'goto');
  for (const step of Array.isArray(goto) ? itemsOf(goto) : [goto]) {
    if (typeof step === 'object' && step !== null) replaceMessages(step, 'args', before);
  }
}

/** In a field that is a list of messages, or has one. */
function replaceMessages(holder: object, field: string, before: readonly unknown[]): void {
  const state = dataOf(holder, field);
  if (Array.isArray(state)) replace(holder, field, noted(state, before));
  else if (typeof state === 'object' && state !== null && Object.hasOwn(state, 'messages')) {
    replace(holder, field, { ...state, messages: noted(dataOf(state, 'messages'), before) });
  }
}

function replace(holder: object, field: string, value: unknown): void {
  Reflect.set(holder, field, value);
}

/** One message stands for a list of one. */
function noted(messages: unknown, before: readonly unknown[]): unknown {
  const note = (message: unknown): unknown =>
    before.includes(message) ? message : withNote(message);
  return Array.isArray(messages) ? messages.map(note) : note(messages);
}

function withNote(message: unknown): unknown {
  const made = asMessage(message);
  if (made === undefined || kindOf(made) !== 'human') return message;
  made.additional_kwargs = { ...made.additional_kwargs, ...NOTE };
  return made;
}

/** As LangChain reads what may stand for a message. */
function asMessage(like: unknown): BaseMessage | undefined {
  try {
    return coerceMessageLikeToMessage(like as BaseMessageLike); // refuses what is none
  } catch {
    return undefined;
  }
}
