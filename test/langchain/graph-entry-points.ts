import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { createAgent } from 'langchain';
import { ScriptedModel } from '../conformance/langchain/scripted-model.ts';
import { type EntryPoint, toolCall } from './entry-points.ts';

/** The ways that come with agents. */
export const graphEntryPoints: readonly EntryPoint[] = [
  {
    name: '`ToolNode`',
    run: (tool, args) =>
      new ToolNode([tool], { handleToolErrors: false }).invoke({
        messages: [new AIMessage({ content: '', tool_calls: [toolCall(args)] })],
      }),
  },
  {
    name: '`createAgent`',
    run: (tool, args) =>
      createAgent({
        model: new ScriptedModel([[{ id: 'call-1', tool: 'weather', args: toolCall(args).args }]]),
        tools: [tool],
      }).invoke({ messages: [new HumanMessage('go on')] }),
  },
];
