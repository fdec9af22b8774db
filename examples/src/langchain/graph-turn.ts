import type { BaseMessage } from '@langchain/core/messages';

/** What a graph waits for: the one call that a person is asked about. */
export interface Question {
  /** Names the interrupt, where several wait side by side. */
  readonly id: string;
  readonly name: string;
  readonly args: unknown;
}

/** What came of one invocation of a graph: it has ended, or it waits. */
export interface GraphTurn {
  readonly questions: readonly Question[];
  /** The last message. */
  readonly text: string;
}

/** What a person says. */
export function inputOf(content: string) {
  return { messages: [{ role: 'user' as const, content }] };
}

/** Reads what the guard asks through an interrupt, as the clients of LangGraph do. */
export async function turnOf(running: Promise<object>): Promise<GraphTurn> {
  const { messages, __interrupt__: interrupts = [] } = (await running) as Output; // of any graph of messages
  return {
    questions: interrupts.map(({ id, value }) => ({ id, ...value.actionRequests[0] })),
    text: messages.at(-1)?.text ?? '',
  };
}

interface Output {
  readonly messages: readonly BaseMessage[];
  readonly __interrupt__?: ReadonlyArray<{
    readonly id: string;
    readonly value: {
      readonly actionRequests: readonly [{ readonly name: string; readonly args: unknown }];
    };
  }>;
}
