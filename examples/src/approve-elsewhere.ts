// An agent in a web server wants to pay. Somebody of finance has to approve it, who is not there: the
// server is killed meanwhile, she answers from a terminal, and the server that is started again goes
// on. What was approved is paid once, what was denied is not, what was edited is paid as edited. Twice:
// with the SDK's own approval parts, and with asks that stay open (`asks: 'suspend'`).
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileAudit } from '@guardstile/ai-sdk/node';
import type { ModelMessage } from 'ai';

import { financeIn } from './approvals/finance.ts';
import { startServer } from './support/start-server.ts';

/** What the servers answer. */
interface Answer {
  readonly asked?: string;
  readonly text: string;
  readonly messages: readonly ModelMessage[];
}

/** How the person who asked goes on, once somebody has answered. */
type GoOn = (asked: Answer) => object;

await story(new URL('approvals/native-server.ts', import.meta.url), ({ asked, messages }) => {
  // "Go on": a vote of the requester, which alone would run nothing here.
  const yes = { type: 'tool-approval-response', approvalId: asked, approved: true };
  return { messages: [...messages, { role: 'tool', content: [yes] }] };
});
await story(new URL('approvals/suspend-server.ts', import.meta.url), ({ asked, messages }) => ({
  messages,
  resume: asked,
}));

async function story(program: URL, goOn: GoOn): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'guardstile-elsewhere-'));
  const start = () => startServer(program, [folder]);
  const payments = () =>
    readFileSync(join(folder, 'payments.jsonl'), { encoding: 'utf8', flag: 'a+' });
  let server = await start();

  async function post(session: string, body: object): Promise<Answer> {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-demo-user': 'ann' },
      body: JSON.stringify({ session, ...body }),
    });
    return (await response.json()) as Answer; // what the servers send
  }

  try {
    // 1. Ann asks for three payments, in three chats. Nothing is paid.
    const say = (amount: number) => [{ role: 'user', content: `Pay ${amount} to DE${amount}` }];
    const first = await post('chat-1', { messages: say(100) });
    const second = await post('chat-2', { messages: say(200) });
    const third = await post('chat-3', { messages: say(900) });
    console.log(
      `${basename(program.pathname)}: asked for three payments, server ${server.pid} is killed`,
    );
    await server.kill();

    // 2. While there is no server, Fay approves one, denies one and makes one smaller.
    const finance = financeIn(folder);
    const [one, two, three] = await finance.list();
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    await finance.answer('approve', one);
    await finance.answer('deny', two, '--note', 'paid last week');
    await finance.answer('edit', three, '--set', 'amount=150');
    assert.equal(payments(), '');

    // 3. Another server goes on, once: a second click and a replay find the approval used.
    server = await start();
    assert.match((await post('chat-1', goOn(first))).text, /paid 100 to DE100/);
    assert.match((await post('chat-1', goOn(first))).text, /was used already/);
    assert.match((await post('chat-2', goOn(second))).text, /a person denied it.*paid last week/);
    assert.match((await post('chat-3', goOn(third))).text, /paid 150 to DE900/);
    assert.equal(payments(), '{"to":"DE100","amount":100}\n{"to":"DE900","amount":150}\n');
    console.log(`  server ${server.pid}: ${payments().trim().replace('\n', ', ')}`);

    // 4. Both servers wrote one log, Fay's answers are in another. Both are whole.
    await server.kill();
    const key = (name: string) => readFileSync(join(folder, name));
    const log = fileAudit(join(folder, 'audit'), { key: key('audit.key') });
    const votes = fileAudit(join(folder, 'votes'), { key: key('votes.key'), slots: 8 });
    assert.equal(log.query({ action: 'tool.allow' }).length, 2);
    assert.equal(votes.query({ kind: 'approval' }).length, 3);
    for (const whole of [log, votes]) {
      assert.equal(whole.verify().ok, true);
      await whole.close();
    }
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true });
  }
}
