import { allowAll, createGuard } from '@guardstile/core';
import {
  dynamicTool,
  generateText,
  type InferUITools,
  tool,
  ToolLoopAgent,
  type TypedToolCall,
  type TypedToolResult,
} from 'ai';
import { describe, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { scriptedModel } from '../../../test/conformance/ai-sdk/scripted-model.ts';
import { guardOf, withGuard } from './index.ts';

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
  client: tool({ inputSchema: z.object({ question: z.string() }), outputSchema: z.string() }),
  anything: dynamicTool({ inputSchema: z.object({}), execute: async () => 'ok' }),
};

describe('types of guarded tools', () => {
  const guarded = withGuard(plain, allowAll());

  it('are those of the tools', () => {
    expectTypeOf(guarded).toEqualTypeOf<typeof plain>();
    expectTypeOf(withGuard(plain, createGuard({ policy: allowAll() }))).toEqualTypeOf<
      typeof plain
    >();
    expectTypeOf(withGuard(plain, () => 'allow')).toEqualTypeOf<typeof plain>();
  });

  it('lead to the same types of the user interface, of calls and of results', () => {
    expectTypeOf<InferUITools<typeof guarded>>().toEqualTypeOf<InferUITools<typeof plain>>();
    expectTypeOf<TypedToolCall<typeof guarded>>().toEqualTypeOf<TypedToolCall<typeof plain>>();
    expectTypeOf<TypedToolResult<typeof guarded>>().toEqualTypeOf<TypedToolResult<typeof plain>>();
    expectTypeOf<InferUITools<typeof guarded>['weather']>().toEqualTypeOf<{
      input: { city: string; days: number };
      output: { city: string; degrees: number };
    }>();
  });

  it('are inferred from tools that are written in place', () => {
    const inline = withGuard(
      {
        refund: tool({
          inputSchema: z.object({ amount: z.number() }),
          execute: async ({ amount }) => {
            expectTypeOf(amount).toEqualTypeOf<number>();
            return amount;
          },
        }),
      },
      ({ args }, { principal }) => {
        expectTypeOf(args).toBeUnknown();
        expectTypeOf(principal?.id).toEqualTypeOf<string | undefined>();
        return 'allow';
      },
    );
    expectTypeOf<InferUITools<typeof inline>['refund']>().toEqualTypeOf<{
      input: { amount: number };
      output: number;
    }>();
  });

  it('fit the SDK', async () => {
    const { toolResults } = await generateText({
      model: scriptedModel([]),
      tools: guarded,
      prompt: 'hello',
    });
    for (const result of toolResults) {
      if (result.dynamic !== true && result.toolName === 'weather') {
        expectTypeOf(result.output).toEqualTypeOf<{ city: string; degrees: number }>();
      }
    }
    const agent = new ToolLoopAgent({ model: scriptedModel([]), tools: guarded });
    expectTypeOf(agent.tools).toEqualTypeOf<typeof plain>();
  });

  it('lead to a guard', () => {
    expectTypeOf(guardOf(guarded).close).returns.toEqualTypeOf<Promise<void>>();
  });
});

/** Never called: what matters is that it does not compile without the comments. */
export function refusedByTheCompiler(): void {
  // @ts-expect-error a policy is required
  withGuard(plain);
  // @ts-expect-error no policy is no policy
  withGuard(plain, undefined);
  // @ts-expect-error a policy answers allow, ask or deny
  withGuard(plain, () => 'permit');
  // @ts-expect-error a list of tools is no set of tools
  withGuard([plain.weather], allowAll());
  // @ts-expect-error tools are objects
  withGuard({ weather: 'sunny' }, allowAll());
  // @ts-expect-error not a fact
  withGuard(plain, allowAll(), { facts: { weather: 'safe' } });
  // @ts-expect-error not an option
  withGuard(plain, allowAll(), { aprover: () => 'approve' });
  // @ts-expect-error the guard has its policy already
  withGuard(plain, createGuard({ policy: allowAll() }), { policy: allowAll() });
  // @ts-expect-error a guard has its approver already
  withGuard(plain, createGuard({ policy: allowAll() }), { approver: () => 'approve' });
}
