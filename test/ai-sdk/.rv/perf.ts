import { bank, CAROL, paying } from '../bank.ts';
import { turnsIn } from '../../../adapters/ai-sdk/src/turns-in.ts';
import { turnsIn as lcTurns } from '../../../adapters/langchain/src/turns-in.ts';
import { HumanMessage, AIMessage, ToolMessage } from '@langchain/core/messages';
const gc = () => { (globalThis as any).gc?.(); return process.memoryUsage().heapUsed / 1e6; };
async function ai(name: string, ids: (i: number) => string, size: number, reads: boolean) {
  const { tools } = bank('deny');
  const messages: any[] = [];
  for (let i = 0; i < 1000; i++) {
    messages.push({ role: 'user', content: `question ${i} ${'x'.repeat(200)}` });
    messages.push({ role: 'tool', content: [{ type: 'tool-result', toolCallId: ids(i), toolName: 'search', output: { type: 'json', value: { n: i, text: `t${i} ` + 'y'.repeat(size) } } }] });
  }
  const before = gc(); let at = performance.now(); const times = [];
  for (let c = 0; c < 200; c++) { const t = performance.now(); await (tools as any).page.execute({}, { toolCallId: `c${c}`, messages, context: {} }); times.push(performance.now() - t); }
  console.log(name, 'total', (performance.now() - at).toFixed(0), 'first', times[0]!.toFixed(1), 'median', times.sort((a, b) => a - b)[100]!.toFixed(2), 'heap +', (gc() - before).toFixed(1), 'MB');
  at = performance.now(); for (let c = 0; c < 200; c++) turnsIn(messages); console.log('  turnsIn alone x200', (performance.now() - at).toFixed(0));
}
await ai('ai unobserved results 2KB', (i) => `s${i}`, 2000, false);
await ai('ai unobserved results 200B', (i) => `s${i}`, 200, false);
{
  const { tools } = bank('deny');
  const messages: any[] = []; for (let i = 0; i < 2000; i++) messages.push({ role: i % 2 ? 'assistant' : 'user', content: `message ${i} ${'x'.repeat(500)}` });
  const at = performance.now(); for (let c = 0; c < 200; c++) await (tools as any).page.execute({}, { toolCallId: `c${c}`, messages, context: {} });
  console.log('ai 2000 text messages x200', (performance.now() - at).toFixed(0));
}
{
  const ms: any[] = []; for (let i = 0; i < 1000; i++) { ms.push(new HumanMessage(`q ${i}`)); ms.push(new ToolMessage({ content: 'z'.repeat(2000) + i, tool_call_id: `q${i}` })); }
  const at = performance.now(); for (let c = 0; c < 200; c++) lcTurns(ms, 'person'); console.log('lc turnsIn x200', (performance.now() - at).toFixed(0));
}
