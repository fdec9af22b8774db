import { allowAll, createGuard, withGuard } from '@guardstile/ai-sdk';
import {
  dynamicTool,
  Experimental_Agent as Agent,
  type Experimental_InferAgentUIMessage as InferAgentUIMessage,
  generateText,
  type InferUITools,
  type LanguageModel,
  streamText,
  tool,
  type TypedToolCall,
  type TypedToolResult,
} from 'ai-v5';
import { expectTypeOf } from 'vitest';
import * as z from 'zod';

const plain = {
  weather: tool({
    inputSchema: z.object({ city: z.string(), days: z.number().default(3) }),
    execute: async ({ city }) => ({ city, degrees: 21 }),
  }),
  progress: tool({
    inputSchema: z.object({}),
    async *execute() {
      yield { percent: 50 };
    },
  }),
  anything: dynamicTool({ inputSchema: z.object({}), execute: async () => 'ok' }),
};
const client = tool({ inputSchema: z.object({ question: z.string() }), outputSchema: z.string() });

const guarded = withGuard(plain, allowAll());
const bound = withGuard({ ...plain, client }, createGuard({ policy: allowAll() }).with({}));
type Plain = typeof plain;
type Guarded = typeof guarded;

expectTypeOf<Plain>().toEqualTypeOf<Guarded>();
expectTypeOf<typeof client>().toEqualTypeOf<(typeof bound)['client']>();
expectTypeOf<InferUITools<Plain>>().toEqualTypeOf<InferUITools<Guarded>>();
expectTypeOf<TypedToolCall<Plain>>().toEqualTypeOf<TypedToolCall<Guarded>>();
expectTypeOf<TypedToolResult<Plain>>().toEqualTypeOf<TypedToolResult<Guarded>>();
expectTypeOf<InferUITools<Guarded>['weather']>().toEqualTypeOf<{
  input: { city: string; days: number };
  output: { city: string; degrees: number };
}>();

// @ts-expect-error a comparison that does not hold is refused
expectTypeOf<InferUITools<Guarded>['weather']['input']>().toEqualTypeOf<{ city: string }>();

/** Compiled, never called. */
export async function program(model: LanguageModel): Promise<void> {
  const { toolResults } = await generateText({ model, tools: guarded, prompt: 'hello' });
  for (const result of toolResults) {
    if (result.dynamic === true || result.toolName !== 'weather') continue;
    expectTypeOf<typeof result.output>().toEqualTypeOf<{ city: string; degrees: number }>();
  }
  streamText({ model, tools: guarded, prompt: 'hello' });
  const agent = new Agent({ model, tools: guarded });
  const without = new Agent({ model, tools: plain });
  expectTypeOf<InferAgentUIMessage<typeof agent>>().toEqualTypeOf<
    InferAgentUIMessage<typeof without>
  >();
}
