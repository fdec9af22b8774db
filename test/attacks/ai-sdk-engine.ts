import { withGuard } from '@guardstile/ai-sdk';
import { tool, type ToolSet } from 'ai';
import type { Sdk } from '../conformance/ai-sdk/sdk.ts';
import type { ReplayEngine } from './replay-engine.ts';
import { outputsSeenBy, scriptedModel, type ToolOutput } from './scripted-model.ts';

/** A version of the AI SDK, through a real `generateText` loop. */
export function aiSdkEngine(sdk: Sdk): ReplayEngine<ToolSet> {
  return {
    name: sdk.name,
    tools: ({ tools }, body) =>
      Object.fromEntries(
        tools.map(({ name, description, params }) => [
          name,
          tool({
            description,
            inputSchema: sdk.jsonSchema(params), // without a validator
            execute: (args: unknown, { toolCallId }: { readonly toolCallId: string }) =>
              body(name, args, toolCallId),
          }),
        ]),
      ),
    guard: (tools, guard) => withGuard(tools, guard),
    async play(tools, prompt, script) {
      const model = scriptedModel(sdk, script);
      // One more than the script has, so that a message too many shows.
      const stopWhen = sdk.stopAfter(script.length + 2);
      await sdk.generateText({ model, tools, prompt, stopWhen, maxRetries: 0 });
      return { told: outputsSeenBy(model), messages: model.doGenerateCalls.length };
    },
    recorded: ({ result, error }): ToolOutput => {
      if (error !== undefined) {
        return { type: 'error-text', value: sdk.errorText(new Error(error)) };
      }
      return { type: typeof result === 'string' ? 'text' : 'json', value: result };
    },
    failure(output) {
      const { type, value } = output as ToolOutput; // out of play(), like all of them
      return type === 'error-text' && typeof value === 'string' ? value : undefined;
    },
  };
}
