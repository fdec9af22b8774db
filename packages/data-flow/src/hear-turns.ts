import { digest, type Origin, type Turn } from '@guardstile/core';

import type { KeepValue } from './keep-value.ts';
import type { Memory } from './memories.ts';
import type { Steps } from './steps.ts';

const HISTORY: Origin = 'untrusted:history';

/** An agent's words came from somewhere, whatever role they are in. */
export type Speaker = 'user' | 'agent' | 'unclear';

/** Takes note of what was said in a conversation: nothing in it is trusted but what the user said. */
export interface Hearing {
  /** Who speaks in the role of the user. Where that is unclear, a user does who goes on with what was heard before. */
  turns(memory: Memory, said: readonly Turn[], speaker: Speaker): Steps<void>;
  user(memory: Memory, text: string): Steps<void>;
}

/** `isShared` says that other processes may have heard it already. */
export function createHearing(keep: KeepValue, isShared: boolean): Hearing {
  /** Keeps what is said once, however often it is repeated. */
  function* once(memory: Memory, role: Turn['role'], text: string, turn: Said): Steps<void> {
    if (memory.turns[role].has(text)) return;
    const own = isShared ? digest('turn', [role, text]) : undefined;
    if (own === undefined || !memory.digests.has(own)) {
      const observation = { origin: role === 'user' ? ('prompt' as const) : HISTORY };
      const value = { value: turn.value, observation, read: false };
      const isKept = yield* keep(memory, value, { tool: turn.tool, turn: own });
      if (!isKept) return;
    }
    memory.turns[role].add(text);
  }

  const user = (memory: Memory, text: string): Steps<void> =>
    once(memory, 'user', text, { value: text });

  return {
    user,
    *turns(memory, said, speaker) {
      const fromUser = speaker === 'user' || (speaker === 'unclear' && goesOn(memory, said));
      for (const turn of said) {
        checkTurn(turn);
        if (turn.role === 'user') {
          if (fromUser) yield* user(memory, turn.text);
        } else if (!memory.calls.has(turn.call)) {
          yield* once(memory, 'tool', textOf(turn.value), turn);
        }
      }
    },
  };
}

/**
 * Whether it is the conversation that was heard before, a turn further: what an agent is told within
 * a call begins anew.
 */
function goesOn({ turns }: Memory, said: readonly Turn[]): boolean {
  return said.some((turn) => turn.role === 'user' && turns.user.has(turn.text));
}

interface Said {
  readonly value: unknown;
  readonly tool?: string;
}

/** Whether there is nothing new in it. */
export function isHeard({ turns, calls }: Memory, said: readonly Turn[]): boolean {
  return said.every((turn) =>
    turn.role === 'tool' ? calls.has(turn.call) : turn.role === 'user' && turns.user.has(turn.text),
  );
}

/** Whoever hands over a conversation may have got it from a client. */
function checkTurn(turn: Turn): void {
  const { role } = turn;
  if (role === 'user' && typeof turn.text === 'string') return;
  if (role === 'tool' && typeof turn.call === 'string') return;
  throw new TypeError('a turn is neither what a user said nor what a tool returned');
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'what cannot be written';
  }
}
