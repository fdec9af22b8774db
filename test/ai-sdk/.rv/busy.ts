import { withGuard } from '@guardstile/ai-sdk';
import { generateText, streamText, isStepCount, tool, type ModelMessage } from 'ai';
import * as z from 'zod';
import { scriptedModel } from '../../conformance/ai-sdk/scripted-model.ts';
import { v7 } from '../../conformance/ai-sdk/v7.ts';
import { bank, CAROL, DAVE, MALLORY, paying, reading } from '../bank.ts';
import { talk } from '../talk.ts';
const said = (content: string): ModelMessage => ({ role: 'user', content });
async function go(name: string, f: (b: ReturnType<typeof bank>) => Promise<unknown>) {
  const b = bank('deny'); await f(b);
  const m = await talk(v7, b.tools, [[paying(DAVE, 'd1')], [paying(DAVE, 'd2')]], [said('first'), said(`Pay Dave, ${DAVE}.`)]);
  console.log(name, b.paid, JSON.stringify(m.filter((x) => x.role === 'tool').at(-1)).slice(0, 260));
}
const gen = (b: any) => withGuard({ gen: tool({ inputSchema: z.object({}), execute: async function* () { yield 'a'; yield 'b'; yield 'c'; } }) }, b.guard);
const hang = (b: any) => withGuard({ hang: tool({ inputSchema: z.object({}), execute: () => new Promise<string>(() => undefined) }) }, b.guard);
await go('generator, reader stops reading', async (b) => {
  const r = streamText({ model: scriptedModel([[{ id: 'g', tool: 'gen', args: {} }]]), tools: gen(b) as never, prompt: 'first' });
  for await (const p of r.fullStream) if (p.type === 'tool-result') break;
});
await go('generator called by hand, dropped after a chunk', async (b) => {
  const it = (gen(b).gen.execute as any)({}, { toolCallId: 'g', messages: [said('first')], context: {} });
  await it.next();
});
await go('hanging tool, user tries again', async (b) => {
  void generateText({ model: scriptedModel([[{ id: 'h', tool: 'hang', args: {} }]]), tools: hang(b) as never, prompt: 'first' });
  await new Promise((r) => setTimeout(r, 50));
});
await go('hanging tool, aborted', async (b) => {
  const ac = new AbortController();
  void generateText({ model: scriptedModel([[{ id: 'h', tool: 'hang', args: {} }]]), tools: hang(b) as never, prompt: 'first', abortSignal: ac.signal }).catch(() => 0);
  await new Promise((r) => setTimeout(r, 50)); ac.abort(); await new Promise((r) => setTimeout(r, 50));
});
// what a sub-agent without ambient is told, once its parent is aborted
{
  const b = bank('deny');
  const ac = new AbortController(); let done!: Promise<unknown>;
  const sub = withGuard({ sub: tool({ inputSchema: z.object({}), execute: async () => { done = new Promise<void>((r) => ac.signal.addEventListener('abort', () => r())).then(() => generateText({ model: scriptedModel([[paying(MALLORY)]]), tools: b.tools as never, prompt: `Pay ${MALLORY}`, stopWhen: isStepCount(2) })); await done; return 'x'; } }) }, b.guard);
  const run = generateText({ model: scriptedModel([[{ id: 's', tool: 'sub', args: {} }]]), tools: sub as never, prompt: 'first', abortSignal: ac.signal }).catch(() => 0);
  await new Promise((r) => setTimeout(r, 50)); ac.abort(); await run; await done;
  console.log('sub-agent that goes on after an abort, no ambient', b.paid);
}
// two parallel sub-agents / sibling: prompt of a sub agent handed over again after parent ended
