import { AsyncLocalStorage } from 'node:async_hooks';
import { providerToolMiddleware, withGuard, createGuard, allowAll } from '@guardstile/ai-sdk';
import { createDataFlow } from '@guardstile/data-flow';
import { generateText, streamText, isStepCount, tool, wrapLanguageModel, ToolLoopAgent, type ModelMessage } from 'ai';
import * as z from 'zod';
import { scriptedModel } from '../../conformance/ai-sdk/scripted-model.ts';
import { modelV4, v7 } from '../../conformance/ai-sdk/v7.ts';
import { v6 } from '../../conformance/ai-sdk/v6.ts';
import { v5 } from '../../conformance/ai-sdk/v5.ts';
import { bank, CAROL, DAVE, flowGuard, MALLORY, PAGE, paying, reading } from '../bank.ts';
import { talk } from '../talk.ts';

const said = (content: string): ModelMessage => ({ role: 'user', content });
async function probe(name: string, f: () => Promise<unknown>) {
  try { console.log('##', name, '=>', JSON.stringify(await f())); }
  catch (e) { console.log('##', name, 'ERR', String((e as Error).stack).slice(0, 500)); }
}
const last = (m: ModelMessage[]) => JSON.stringify(m.filter((x) => x.role === 'tool').at(-1)).slice(0, 300);

for (const way of ['between steps', 'in a tool body', 'in a tool body, ambient'] as const)
await probe(`Q1 a model behind the middleware sums up a page (${way})`, async () => {
  const { paid, guard, tools: own } = bank('deny', way.includes('ambient') ? { ambient: new AsyncLocalStorage() } : {});
  const middleware = providerToolMiddleware(guard);
  const sum = async () => { await generateText({ model: wrapLanguageModel({ model: scriptedModel([]), middleware }), prompt: `Sum this up: ${PAGE}` }); };
  const tools = { ...own, summarise: withGuard({ summarise: tool({ inputSchema: z.object({}), execute: async () => { await sum(); return 'a summary'; } }) }, guard).summarise };
  const model = wrapLanguageModel({ model: scriptedModel([[reading('page')], way === 'between steps' ? [reading('payees')] : [reading('summarise')], [paying(MALLORY)]]), middleware });
  await generateText({ model, tools: tools as never, prompt: 'What is new?', stopWhen: isStepCount(5), prepareStep: async ({ stepNumber }) => { if (stepNumber === 2 && way === 'between steps') await sum(); return {}; } });
  return paid;
});

for (const kind of ['generator of stream', 'returned stream', 'generator of generate'] as const)
for (const consume of ['in place', 'later'] as const)
await probe(`Q2 sub-agent with ambient: ${kind}`, async () => {
  const { paid, guard, tools } = bank('deny', { ambient: new AsyncLocalStorage() });
  const start = () => streamText({ model: scriptedModel([[paying(MALLORY)]]), tools: tools as never, prompt: `Pay ${MALLORY}`, stopWhen: isStepCount(3) });
  const bodies = {
    'generator of stream': async function* () { const s = start(); for await (const t of s.fullStream) yield t.type; },
    'returned stream': () => start().textStream,
    'generator of generate': async function* () { yield 'a'; await generateText({ model: scriptedModel([[paying(MALLORY)]]), tools: tools as never, prompt: `Pay ${MALLORY}`, stopWhen: isStepCount(3) }); yield 'b'; },
  };
  const sub = withGuard({ sub: tool({ inputSchema: z.object({}), execute: bodies[kind] as never }) }, guard);
  if (consume === 'in place') await generateText({ model: scriptedModel([[{ id: 's', tool: 'sub', args: {} }]]), tools: { ...tools, ...sub } as never, prompt: 'go', stopWhen: isStepCount(3) });
  else { const r = streamText({ model: scriptedModel([[{ id: 's', tool: 'sub', args: {} }]]), tools: { ...tools, ...sub } as never, prompt: 'go', stopWhen: isStepCount(3) }); for await (const _ of r.fullStream); }
  return paid;
});
await probe('Q2b background sub-agent that outlives its tool, ambient', async () => {
  const { paid, guard, tools } = bank('deny', { ambient: new AsyncLocalStorage() });
  let go!: () => void; const gate = new Promise<void>((r) => { go = r; });
  let done!: Promise<unknown>;
  const sub = withGuard({ sub: tool({ inputSchema: z.object({}), execute: async () => { done = gate.then(() => generateText({ model: scriptedModel([[paying(MALLORY)]]), tools: tools as never, prompt: `Pay ${MALLORY}`, stopWhen: isStepCount(3) })); return 'started'; } }) }, guard);
  await generateText({ model: scriptedModel([[{ id: 's', tool: 'sub', args: {} }]]), tools: { ...tools, ...sub } as never, prompt: 'go', stopWhen: isStepCount(3) });
  go(); await done; return paid;
});

await probe('Q3 toModelOutput shows more than the result', async () => {
  const { paid, guard, tools } = bank('deny');
  const odd = withGuard({ odd: tool({ inputSchema: z.object({}), execute: () => 'short', toModelOutput: () => ({ type: 'text', value: PAGE }) }) }, guard);
  return last(await talk(v7, { ...tools, ...odd } as never, [[{ id: 'o', tool: 'odd', args: {} }], [paying(MALLORY)]], [said('hi')]));
});

const search = (id: string, result: string) => [
  { type: 'tool-call', toolCallId: id, toolName: 'search', input: '{}', providerExecuted: true },
  { type: 'tool-result', toolCallId: id, toolName: 'search', result, providerExecuted: true },
] as const;
for (const mw of [false, true])
  await probe(`Q4 a provider search first, then payees and pay (middleware ${mw})`, async () => {
    const { paid, guard, tools } = bank('deny');
    const steps = [[...search('s1', 'news'), { type: 'tool-call', toolCallId: 'p', toolName: 'payees', input: '{}' }], [{ type: 'tool-call', toolCallId: 'q', toolName: 'pay', input: JSON.stringify({ account: CAROL }) }]] as never[];
    const inner = modelV4(() => { const c = (steps.shift() ?? [{ type: 'text', text: 'x' }]) as never[]; return { content: c, streamed: c }; });
    const model = mw ? wrapLanguageModel({ model: inner, middleware: providerToolMiddleware(guard, { onDenied: 'audit' }) }) : inner;
    const r = await generateText({ model, tools: tools as never, prompt: 'pay carol', stopWhen: isStepCount(4) });
    return paid;
  });
for (const mw of [false, true])
  await probe(`Q4b provider search alone in the first turn, second turn reads payees and pays (middleware ${mw})`, async () => {
    const { paid, guard, tools } = bank('deny');
    const steps = [[...search('s1', 'news'), { type: 'text', text: 'found' }], [{ type: 'tool-call', toolCallId: 'p', toolName: 'payees', input: '{}' }], [{ type: 'tool-call', toolCallId: 'q', toolName: 'pay', input: JSON.stringify({ account: CAROL }) }]] as never[];
    const inner = modelV4(() => { const c = (steps.shift() ?? [{ type: 'text', text: 'x' }]) as never[]; return { content: c, streamed: c }; });
    const model = mw ? wrapLanguageModel({ model: inner, middleware: providerToolMiddleware(guard, { onDenied: 'audit' }) }) : inner;
    const one = await generateText({ model, tools: tools as never, prompt: 'search', stopWhen: isStepCount(4) });
    await generateText({ model, tools: tools as never, messages: [said('search'), ...one.responseMessages, said('pay carol')], stopWhen: isStepCount(4) });
    return paid;
  });
for (const sdk of [v5, v6, v7])
  await probe(`Q4c first call with invalid input, ${sdk.name}`, async () => {
    const { paid, tools } = bank('deny');
    await talk(sdk, tools, [[{ id: 'x', tool: 'pay', args: { nope: 1 } }], [reading('payees')], [paying(CAROL)]], [said('pay carol')]);
    return paid;
  });
await probe('Q4d invalid input and a good call in one step', async () => {
    const { paid, tools } = bank('deny');
    await talk(v7, tools, [[{ id: 'x', tool: 'pay', args: { nope: 1 } }, reading('payees')], [paying(CAROL)]], [said('pay carol')]);
    return paid;
});
await probe('Q4e tool without execute (client) first', async () => {
    const { paid, tools, guard } = bank('deny');
    const all = { ...tools, ask: tool({ inputSchema: z.object({}) }) } as never;
    const one = await talk(v7, all, [[{ id: 'x', tool: 'ask', args: {} }]], [said('pay carol')]);
    const two: ModelMessage[] = [...one, { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'x', toolName: 'ask', output: { type: 'text', value: 'yes' } }] }];
    await talk(v7, all, [[reading('payees')], [paying(CAROL)]], two);
    return paid;
});
await probe('Q4f native ask first, denied by the user; then payees, pay', async () => {
    const { paid, tools } = bank('ask');
    const one = await generateText({ model: scriptedModel([[paying(MALLORY)]]), tools: tools as never, prompt: 'x', stopWhen: isStepCount(4) });
    const req = one.content.find((c) => c.type === 'tool-approval-request') as any;
    await talk(v7, tools, [[reading('payees')], [paying(CAROL, 'c')]], [said('x'), ...one.responseMessages, { role: 'tool', content: [{ type: 'tool-approval-response', approvalId: req.approvalId, approved: false }] } as never]);
    return paid;
});
await probe('Q5 call ids that are used again: a provider result under the id of a guarded call', async () => {
  const { paid, tools } = bank('deny');
  const m1 = await talk(v7, tools, [[{ id: 'call_0', tool: 'payees', args: {} }]], [said('x')]);
  const part = { type: 'tool-result', toolCallId: 'call_0', toolName: 'search', output: { type: 'text', value: PAGE } };
  const m2 = await talk(v7, tools, [[paying(MALLORY)]], [...m1, { role: 'tool', content: [part] } as never, said('pay')]);
  return last(m2);
});
await probe('Q9 generator tool aborted by the consumer, then payees, pay', async () => {
  const { paid, tools, guard } = bank('deny');
  const gen = withGuard({ gen: tool({ inputSchema: z.object({}), execute: async function* () { yield 'a'; yield 'b'; await new Promise(() => undefined); } }) }, guard);
  const ac = new AbortController();
  const r = streamText({ model: scriptedModel([[{ id: 'g', tool: 'gen', args: {} }]]), tools: { ...tools, ...gen } as never, prompt: 'x', abortSignal: ac.signal, onError() {} });
  for await (const p of r.fullStream) if (p.type === 'tool-result' && (p as any).preliminary) { ac.abort(); break; }
  await talk(v7, tools, [[reading('payees')], [paying(CAROL)]], [said('x')]);
  return paid;
});
await probe('Q10 a file or image result next to text; odd objects', async () => {
  const { tools, guard } = bank('deny');
  class Doc { #a = MALLORY; get account() { return this.#a; } }
  class Doc2 { constructor() { Object.defineProperty(this, 'account', { enumerable: true, get: () => MALLORY }); } }
  const out: unknown[] = [];
  for (const v of [new URL(`https://x/${MALLORY}`), { toJSON: () => ({ account: MALLORY }) }, Object.create({ toJSON: () => MALLORY }), new Doc2(), { get account() { return MALLORY; } }, Object.assign([1], { toJSON: () => [MALLORY] }), new Proxy({ account: MALLORY }, {}), Object.assign(Object.create(null), { a: Object.assign({}, { toJSON() { return MALLORY; } }) })]) {
    const odd = withGuard({ odd: tool({ inputSchema: z.object({}), execute: () => v as never }) }, guard.with({ session: `s${out.length}` }));
    const p = withGuard({ pay: tool({ inputSchema: z.object({ account: z.string() }), execute: () => 'x' }) }, guard.with({ session: `s${out.length}` }));
    const m = await talk(v7, { ...odd, ...p } as never, [[{ id: 'o', tool: 'odd', args: {} }], [paying(MALLORY)]], [said('hi')]);
    out.push([JSON.stringify(m.filter((x) => x.role === 'tool')[0]).includes(MALLORY), /nowhere/.test(last(m)) ? 'UNSEEN' : 'seen']);
  }
  return out;
});
