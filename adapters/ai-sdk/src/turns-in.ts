import type { Turn } from '@guardstile/core';

import { idOf } from './conversation.ts';
import { isObject } from './field-of.ts';

/**
 * What was said in messages of the SDK, or in the prompt of a model. They are claims, since a client
 * may have sent them: only what has exactly the shape of typed text is the user's, and whatever
 * looks like a result is one. Nothing in them can make this throw.
 */
export function turnsIn(messages: unknown): readonly Turn[] {
  const turns: Turn[] = [];
  for (const message of itemsOf(messages)) {
    const isUser = dataOf(message, 'role') === 'user';
    const content = dataOf(message, 'content');
    if (isUser) addTyped(content, turns);
    for (const part of itemsOf(content)) {
      const type = dataOf(part, 'type');
      if (type === 'tool-result') addReturned(part, turns);
      // What an attached file says is nobody's word.
      else if (type === 'text' && isUser) addTyped(dataOf(part, 'text'), turns);
    }
  }
  return turns;
}

function addTyped(text: unknown, turns: Turn[]): void {
  if (typeof text === 'string' && text !== '') turns.push({ role: 'user', text });
}

function addReturned(part: unknown, turns: Turn[]): void {
  const value = valueOf(dataOf(part, 'output'));
  if (value === undefined) return;
  const tool = dataOf(part, 'toolName');
  const call = idOf(dataOf(part, 'toolCallId')) ?? '';
  turns.push({ role: 'tool', call, value, ...(typeof tool === 'string' ? { tool } : {}) });
}

/** What a tool returned, out of what the SDK wraps it in. A call that was denied returned nothing. */
function valueOf(output: unknown): unknown {
  switch (dataOf(output, 'type')) {
    case 'text':
    case 'json':
    case 'error-text':
    case 'error-json':
      return dataOf(output, 'value');
    case 'content':
      return itemsOf(dataOf(output, 'value')).flatMap(contentOf);
    case 'execution-denied':
      return undefined;
    default:
      return output;
  }
}

/** Part of a result: its text, and of files only those that are text. */
function contentOf(item: unknown): readonly unknown[] {
  if (dataOf(item, 'type') === 'text') return [dataOf(item, 'text')];
  const data = dataOf(item, 'data');
  if (dataOf(data, 'type') === 'text') return [dataOf(data, 'text')];
  const mediaType = dataOf(item, 'mediaType');
  const isText = typeof mediaType === 'string' && TEXT.test(mediaType);
  return data === undefined || isText ? [item] : [];
}

const TEXT = /^text(?:\/|$)|[/+](?:json|xml)$/;

const NOTHING: readonly never[] = [];

/** The items of a list, at once: what a proxy says of its length may change. */
function itemsOf(list: unknown): readonly unknown[] {
  try {
    if (!Array.isArray(list)) return NOTHING;
    const items: unknown[] = [];
    const { length } = list;
    for (let at = 0; at < length; at += 1) items.push(dataOf(list, at));
    return items;
  } catch {
    return NOTHING;
  }
}

/** An own field that is data. An accessor could tell the guard something else than the SDK. */
function dataOf(value: unknown, name: PropertyKey): unknown {
  if (!isObject(value)) return undefined;
  try {
    return Object.getOwnPropertyDescriptor(value, name)?.value;
  } catch {
    return undefined;
  }
}
