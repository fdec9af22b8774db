import type { Turn } from '@guardstile/core';

import { dataOf, itemsOf } from './data-of.ts';
import { kindOf } from './message-kind.ts';
import { providerTurns } from './provider-turns.ts';
import { shownContent } from './shown-content.ts';
import { isTyped, isTypedBlock } from './typed-text.ts';

/**
 * Whose words human messages are. Those of a person only in the conversation that an application
 * started: in an agent inside of a tool or of another graph, code or a model has written them.
 */
export type Voice = 'person' | 'anyone';

/** The id of what is in the messages and was returned by no call. */
const HISTORY = 'history';

const NOTHING: readonly never[] = Object.freeze([]);

/**
 * What was said in messages. They are claims, since a client may have sent them: only what has
 * exactly the shape of typed text is the user's. Nothing in them can make this throw.
 */
export function turnsIn(messages: unknown, voice: Voice): readonly Turn[] {
  const turns: Turn[] = [];
  for (const message of itemsOf(messages)) turns.push(...knownTurns(message, voice));
  return turns;
}

interface Read {
  readonly content: unknown;
  readonly length: number;
  readonly turns: readonly Turn[];
}

const read: Readonly<Record<Voice, WeakMap<object, Read>>> = {
  person: new WeakMap(),
  anyone: new WeakMap(),
};

/** The very same turns for the same message: a run asks for all of them again with every call. */
function knownTurns(message: unknown, voice: Voice): readonly Turn[] {
  if (typeof message !== 'object' || message === null) return NOTHING;
  const known = read[voice].get(message);
  if (known !== undefined && isUnchanged(message, known)) return known.turns;
  const content = dataOf(message, 'content');
  let turns: readonly Turn[];
  try {
    turns = turnsOf(message, content, voice);
  } catch {
    turns = NOTHING;
  }
  read[voice].set(message, { content, length: lengthOf(content), turns });
  return turns;
}

function isUnchanged(message: object, { content, length }: Read): boolean {
  try {
    const now: unknown = Reflect.get(message, 'content');
    return now === content && lengthOf(now) === length;
  } catch {
    return false;
  }
}

function lengthOf(content: unknown): number {
  return Array.isArray(content) ? content.length : 0;
}

function turnsOf(message: object, content: unknown, voice: Voice): readonly Turn[] {
  switch (kindOf(message)) {
    case 'human':
      return humanTurns(message, content, voice);
    case 'ai':
      return providerTurns(message, content, HISTORY);
    case 'system':
    case 'developer':
    case 'remove':
      return NOTHING;
    case 'tool':
      return [returned(message, content, textOf(message, 'tool_call_id'))];
    case undefined:
      // Written down for a client or made up by one: a model may be shown it, and nobody has typed it.
      return content === undefined ? NOTHING : found(shownContent(content));
    default:
      return [returned(message, content, undefined)];
  }
}

function humanTurns(message: object, content: unknown, voice: Voice): readonly Turn[] {
  const typed = voice === 'person' && isTyped(message);
  if (typeof content === 'string') return typed ? said(content) : found(content);
  const blocks = itemsOf(content);
  const texts = blocks.filter((block) => typed && isTypedBlock(block));
  const others = blocks.filter((block) => !texts.includes(block));
  return [
    ...texts.flatMap((block) => said(String(dataOf(block, 'text')))),
    ...found(shownContent(others)),
  ];
}

function said(text: string): readonly Turn[] {
  return text === '' ? NOTHING : [{ role: 'user', text }];
}

function found(value: unknown): readonly Turn[] {
  return value === '' ? NOTHING : [{ role: 'tool', call: HISTORY, value }];
}

function returned(message: object, content: unknown, call: string | undefined): Turn {
  const tool = textOf(message, 'name');
  const value = shownContent(content);
  return { role: 'tool', call: call ?? HISTORY, value, ...(tool === undefined ? {} : { tool }) };
}

function textOf(message: object, field: string): string | undefined {
  const value = dataOf(message, field);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
