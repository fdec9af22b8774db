import { guardOf, standardPolicy, withGuard } from '@guardstile/ai-sdk';
import { generateText, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import * as z from 'zod';

const add = tool({
  description: 'Adds two numbers.',
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
});
const rm = tool({ inputSchema: z.object({ path: z.string() }), execute: () => 'ran' });

const plain = { add, rm };
const tools: typeof plain = withGuard(plain, standardPolicy({ deny: ['rm'] }), {
  facts: { add: 'readOnly' },
});

const model = new MockLanguageModelV4({
  doGenerate: {
    content: [
      { type: 'tool-call', toolCallId: '1', toolName: 'add', input: '{"a":1,"b":2}' },
      { type: 'tool-call', toolCallId: '2', toolName: 'rm', input: '{"path":"/"}' },
    ],
    finishReason: { unified: 'tool-calls', raw: undefined },
    usage: {
      inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 1, text: 1, reasoning: undefined },
    },
    warnings: [],
  },
});
const { toolResults } = await generateText({ model, tools, prompt: 'go' });
const sum = toolResults.find((result) => result.toolName === 'add')?.output;
if (sum !== 3) throw new Error(`an allowed tool answered ${String(sum)}`);
if (toolResults.some((result) => !result.dynamic && result.output === 'ran')) {
  throw new Error('a denied tool ran');
}
await guardOf(tools).close();

/** Never called: what the compiler has to refuse. */
export function wrongUses(): void {
  // @ts-expect-error no policy
  withGuard(plain);
  // @ts-expect-error a tool that was not given
  void tools.missing;
  // @ts-expect-error the guarded tool keeps its input type
  void tools.add.execute?.({ a: 'one', b: 2 }, { toolCallId: '1', messages: [], context: {} });
}

console.log('ai-sdk ok');
