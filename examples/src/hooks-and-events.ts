// Hooks take part in a call, events tell of it.
import assert from 'node:assert/strict';
import { allowAll, createGuard, isGuardError } from '@guardstile/core';
import * as z from 'zod';

const sent: string[] = [];
const warnings: string[] = [];

const guard = createGuard({
  policy: allowAll(),
  logger: { info: () => undefined, warn: (message) => warnings.push(message) },
});

const sendMail = guard.wrap(
  'sendMail',
  async ({ to, text }: { to: string; text: string }) => {
    sent.push(`${to}: ${text}`);
    return sent.length;
  },
  { schema: z.object({ to: z.email(), text: z.string() }) },
);

// A rewriting hook may change arguments; they are parsed and decided on afterwards.
guard.hook({
  name: 'signature',
  rewrite({ tool, args }) {
    if (tool.name !== 'sendMail') return undefined;
    const mail = args as { readonly to: string; readonly text: string };
    return { args: { ...mail, to: mail.to.toLowerCase(), text: `${mail.text} -- the agent` } };
  },
});

// A checking hook may deny or ask. It can never allow what the policy does not.
const undo = guard.hook({
  name: 'our people only',
  preTool({ confined }) {
    const { to } = confined as { readonly to: string };
    if (to.endsWith('@example.com')) return undefined;
    return { effect: 'deny', reason: `${to} is not one of ours` };
  },
});

// A post-tool hook is told what came of it.
const outcomes: string[] = [];
guard.hook({ postTool: ({ tool }, { status }) => void outcomes.push(`${tool.name} ${status}`) });

// Events follow the order of the pipeline. A listener that fails disturbs nobody.
const seen: string[] = [];
guard.on('decision', ({ effect }) => seen.push(effect));
guard.on('start', () => seen.push('start'));
guard.on('end', ({ status }) => seen.push(status));
guard.on('start', () => {
  throw new Error('the dashboard is down');
});

await sendMail({ to: 'Ann@Example.com', text: 'Hi' });
assert.deepEqual(sent, ['ann@example.com: Hi -- the agent']);
assert.deepEqual(seen, ['allow', 'start', 'ok']);
assert.deepEqual(outcomes, ['sendMail ok']);
assert.deepEqual(warnings, ['a listener failed: the dashboard is down']);
console.log('sent:    ', sent[0]);
console.log('events:  ', seen.join(', '));
console.log('warnings:', warnings.join(', '));

const refusal = await sendMail({ to: 'eve@evil.test', text: 'Hi' }).catch(
  (error: unknown) => error,
);
assert.ok(isGuardError(refusal));
assert.match(refusal.message, /eve@evil\.test is not one of ours/);
assert.equal(sent.length, 1);
console.log('denied:  ', refusal.message);

// Everything that is added can be undone.
undo();
await sendMail({ to: 'eve@evil.test', text: 'Hi' });
assert.equal(sent.length, 2);

// A checking hook that fails, fails closed.
guard.hook({
  name: 'directory',
  preTool() {
    throw new Error('no connection');
  },
});
await assert.rejects(
  sendMail({ to: 'ann@example.com', text: 'Hi' }),
  (error) => isGuardError(error) && error.code === 'hook_error',
);
assert.equal(sent.length, 2);
await guard.close();
