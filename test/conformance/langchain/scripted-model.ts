import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import type { BaseMessage } from '@langchain/core/messages';
import { AIMessage } from '@langchain/core/messages';
import type { ChatResult } from '@langchain/core/outputs';
import { convertToOpenAITool } from '@langchain/core/utils/function_calling';
import type { ScriptedCall } from '../adapter/harness.ts';

type BoundTools = Parameters<NonNullable<BaseChatModel['bindTools']>>[0];

/** What the scripted model says when it has made all its calls. */
const LAST_WORDS = 'done';

/** What a scripted model was told. */
export interface Heard {
  /** Tools as a provider would get them. */
  offered: unknown;
  /** The messages of each request. */
  readonly requests: BaseMessage[][];
}

/** A chat model that makes the given calls, step by step, and then answers. A class, as LangChain demands. */
export class ScriptedModel extends BaseChatModel {
  readonly heard: Heard = { offered: undefined, requests: [] };
  readonly #steps: ReadonlyArray<readonly ScriptedCall[]>;

  readonly #before: number;

  /** The steps begin after the messages that are there already. */
  constructor(steps: ReadonlyArray<readonly ScriptedCall[]>, before: readonly BaseMessage[] = []) {
    super({});
    this.#steps = steps;
    this.#before = answersIn(before);
  }

  override _llmType(): string {
    return 'scripted';
  }

  override bindTools(tools: BoundTools): this {
    this.heard.offered = tools.map((tool) => convertToOpenAITool(tool as never)); // whatever was bound
    return this;
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const step = answersIn(messages) - this.#before;
    this.heard.requests.push([...messages]);
    const calls = this.#steps[step] ?? [];
    const message = new AIMessage({
      content: calls.length === 0 ? LAST_WORDS : '',
      tool_calls: calls.map(({ id, tool, args }) => ({
        id,
        name: tool,
        args: structuredClone(args) as Record<string, unknown>, // as models write them
        type: 'tool_call' as const,
      })),
    });
    return { generations: [{ text: message.text, message }] };
  }
}

function answersIn(messages: readonly BaseMessage[]): number {
  return messages.filter((message) => AIMessage.isInstance(message)).length;
}
