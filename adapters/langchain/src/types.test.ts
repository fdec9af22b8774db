import { allowAll, createGuard } from '@guardstile/core';
import { RunnableLambda } from '@langchain/core/runnables';
import { type StructuredToolInterface, tool } from '@langchain/core/tools';
import { createAgent } from 'langchain';
import { describe, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { ScriptedModel } from '../../../test/conformance/langchain/scripted-model.ts';
import { guardTool, withGuard } from './index.ts';

const weather = tool(async ({ city }) => ({ city, degrees: 21 }), {
  name: 'weather',
  description: '',
  schema: z.object({ city: z.string(), days: z.number().default(3) }),
});
const echo = tool((text) => text, { name: 'echo', description: '' });
const runnable = RunnableLambda.from(({ city }: { city: string }) => city.length).asTool({
  name: 'length',
  description: '',
  schema: z.object({ city: z.string() }),
});
const guard = createGuard({ policy: allowAll() });

describe('types of guarded tools', () => {
  it('are those of the tools, one by one, in lists and in records', () => {
    expectTypeOf(guardTool(weather, guard)).toEqualTypeOf<typeof weather>();
    expectTypeOf(guardTool(runnable, guard)).toEqualTypeOf<typeof runnable>();
    expectTypeOf(withGuard([weather, echo, runnable], guard)).toEqualTypeOf<
      [typeof weather, typeof echo, typeof runnable]
    >();
    const record = { weather, echo };
    expectTypeOf(withGuard(record, () => 'allow')).toEqualTypeOf<typeof record>();
    const list: StructuredToolInterface[] = [weather];
    expectTypeOf(withGuard(list, allowAll())).toEqualTypeOf<StructuredToolInterface[]>();
    expectTypeOf(withGuard([weather, echo] as const, guard)).toEqualTypeOf<
      [typeof weather, typeof echo]
    >();
  });

  it('keep arguments and results', async () => {
    const [guarded] = withGuard([weather], guard);
    expectTypeOf(await guarded.invoke({ city: 'Bern' })).toEqualTypeOf<{
      city: string;
      degrees: number;
    }>();
    // @ts-expect-error -- a city is a text
    await guarded.invoke({ city: 7 }).catch(() => undefined);
  });

  it('are what agents take', () => {
    const model = new ScriptedModel([]);
    createAgent({ model, tools: withGuard([weather, echo, runnable], guard) });
    model.bindTools(withGuard([weather, echo], guard));
  });

  it('are asked of everything that is guarded', () => {
    // @ts-expect-error -- what a provider runs is no tool
    void (() => withGuard([{ type: 'web_search' }], guard));
    // @ts-expect-error -- a guard needs a policy
    void (() => withGuard([weather]));
    // @ts-expect-error -- the log belongs to the guard
    void (() => withGuard([weather], guard, { audit: false }));
  });
});
