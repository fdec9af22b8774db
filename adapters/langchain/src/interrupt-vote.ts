import type { RequesterAnswer } from '@guardstile/core';

import { type InterruptAnswer, interruptAnswer } from './interrupt-answer.ts';
import { AMBIGUOUS } from './interrupt-ask.ts';

/** What votes through a graph are said to have come through. */
const CHANNEL = 'langgraph';

export const APPROVE: RequesterAnswer = { channel: CHANNEL, verdict: 'approve' };

/** What an answer to an interrupt says about one approval. */
export function readAnswer(value: unknown, aid: string): InterruptAnswer {
  if (value !== AMBIGUOUS) return interruptAnswer(value, aid);
  const note =
    'several calls wait for an answer and one was given that names none of them; resume with { [interruptId]: answer } for each';
  return { kind: 'reject', note };
}

/** A vote for what can be voted on: an edit is none. */
export function voteOf(answer: InterruptAnswer): RequesterAnswer {
  if (answer.kind === 'approve') return APPROVE;
  const note =
    answer.kind === 'reject'
      ? answer.note
      : 'arguments cannot be edited here; approve or reject the call as it is';
  return { channel: CHANNEL, verdict: 'deny', ...(note === '' ? {} : { note }) };
}
