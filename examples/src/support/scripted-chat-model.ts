import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import type { ChatResult } from '@langchain/core/outputs';

import type { ToolResult, Turn } from './scripted-model.ts';

/** What the model does in one turn: it calls a tool, or several at once, or it says something. */
export type ChatTurn = Turn | readonly Exclude<Turn, string>[];

/** A turn, or what the model makes of the results that it has seen so far, and of what was said. */
export type ScriptedChatTurn =
  | ChatTurn
  | ((results: readonly ToolResult[], said: string) => ChatTurn);

/**
 * Stands in for a provider's chat model, so that the examples need no key: it plays its turns one
 * after another. Everything around it is the real LangChain.
 */
export function scriptedChatModel(turns: readonly ScriptedChatTurn[]): ScriptedChatModel {
  return new ScriptedChatModel(turns);
}

/** A class, as LangChain demands of models. */
class ScriptedChatModel extends BaseChatModel {
  readonly #turns: readonly ScriptedChatTurn[];

  constructor(turns: readonly ScriptedChatTurn[]) {
    super({});
    this.#turns = turns;
  }

  override _llmType(): string {
    return 'scripted';
  }

  /** It knows the tools from its script. */
  override bindTools(_tools: unknown): this {
    return this;
  }

  /** The conversation says which turn it is: one model serves any number, in any process. */
  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const index = messages.filter((message) => AIMessage.isInstance(message)).length;
    const turn = this.#turns[index] ?? 'I have nothing more to say.';
    const said = messages.findLast((message) => HumanMessage.isInstance(message))?.text ?? '';
    const taken = typeof turn === 'function' ? turn(resultsIn(messages), said) : turn;
    const message = messageOf(taken, index);
    return { generations: [{ text: message.text, message }] };
  }
}

function messageOf(turn: ChatTurn, index: number): AIMessage {
  if (typeof turn === 'string') return new AIMessage(turn);
  const calls = 'tool' in turn ? [turn] : turn;
  return new AIMessage({
    content: '',
    tool_calls: calls.map(({ tool, args }, n) => ({
      type: 'tool_call',
      id: calls.length === 1 ? `call-${index + 1}` : `call-${index + 1}-${n + 1}`,
      name: tool,
      args: { ...args },
    })),
  });
}

/** What tools answered, as the model reads it. */
function resultsIn(messages: readonly BaseMessage[]): readonly ToolResult[] {
  return messages
    .filter((message) => ToolMessage.isInstance(message))
    .map(({ name = '', text, status }) => ({ tool: name, text, ok: status !== 'error' }));
}
