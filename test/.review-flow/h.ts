import { allowAll, createGuard, layers } from '@guardstile/core';
import { createDataFlow, flowPolicy } from '@guardstile/data-flow';
let n = 0;
export function make(spec: any, more: any = {}) {
  const dataFlow = createDataFlow(more.df ?? {});
  const guard = createGuard({
    policy: layers([{ name: 'app', grants: allowAll() }, { name: 'flow', restricts: flowPolicy(spec) }]),
    dataFlow, audit: false, context: { principal: { id: 'alice' }, session: 's' + n++ }, ...more.guard,
  });
  return { guard, dataFlow,
    say: (text: string) => guard.heard([{ role: 'user', text }]),
    ret: (tool: string, value: unknown, facts: any = 'readOnly', args: any = {}) => guard.call({ tool, args, facts }, async () => value).catch(() => {}),
    go: (tool: string, args: any, facts: any = 'money', schema?: any) => guard.call({ tool, args, facts, schema } as any, async () => 'ran').then(() => 'RAN', (e: any) => `${e.code}: ${e.message}`),
  };
}
const PAY = { tools: { list: { labels: { '[].to': 'trusted:payee' } }, pay: { args: { to: { from: ['prompt', 'trusted:payee'], else: 'deny' } } } } };
export async function vouch(prompt: string, value: unknown, rule: any = {}, content?: string) {
  const m = make({ tools: { pay: { args: { to: { from: ['prompt'], else: 'deny', ...rule } } } } });
  if (prompt) await m.say(prompt);
  if (content) await m.ret('page', content);
  const r = await m.go('pay', { to: value });
  console.log(r === 'RAN' ? 'RAN ' : 'stop', JSON.stringify(rule.part ?? 'value'), JSON.stringify(prompt), '->', JSON.stringify(value), r === 'RAN' ? '' : '| ' + r);
}
export async function leak(secret: string, args: any, note = '') {
  const m = make({ tools: { vault: { labels: { '*.password': 'secret' } }, send: { sinks: ['egress'] } }, rules: [{ id: 'x', from: 'secret', to: 'egress' }] });
  await m.ret('vault', { a: { password: secret } });
  const r = await m.go('send', args, 'network');
  console.log(r === 'RAN' ? 'LEAK' : 'stop', note, JSON.stringify(args).slice(0, 140), r === 'RAN' ? '' : '| ' + r.slice(0, 60));
}
