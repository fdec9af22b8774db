import { allowAll, createGuard } from '@guardstile/core';
import { childSandbox, osSandbox } from '@guardstile/sandbox';

// Leaves spares behind without closing anything: `end` ends by itself, `stay` waits to be killed,
// `busy` is killed during a call.

const [, , how, kind, module = ''] = process.argv;
const options = { tools: { double: { module }, computes: { module } }, spares: 2 };
const sandbox = kind === 'os' ? osSandbox(options) : childSandbox(options);
const guard = createGuard({ policy: allowAll(), sandbox });

await guard.call({ tool: 'double', args: { n: 1 } }, () => 0);
if (how === 'stay') setInterval(() => {}, 1000);
if (how === 'busy') void guard.call({ tool: 'computes', args: {} }, () => 0);
if (how !== 'end') console.log('ready');
