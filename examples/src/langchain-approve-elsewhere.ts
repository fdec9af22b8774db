// A LangGraph agent in a web server wants to pay. Somebody of finance has to approve it, who is not
// there: the graph stops, the server is killed, she answers from a terminal, and the server that is
// started again resumes the graph. What was approved is paid once, what was denied is not, what was
// edited is paid as edited.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileAudit } from '@guardstile/langchain/node';

import { financeIn } from './approvals/finance.ts';
import type { GraphTurn } from './langchain/graph-turn.ts';
import { startServer } from './support/start-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'guardstile-elsewhere-'));
const start = () =>
  startServer(new URL('approvals/langgraph-server.ts', import.meta.url), [folder]);
const payments = () =>
  readFileSync(join(folder, 'payments.jsonl'), { encoding: 'utf8', flag: 'a+' });
let server = await start();

async function post(thread: string, body: object): Promise<GraphTurn> {
  const response = await fetch(new URL(thread, server.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-demo-user': 'ann' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as GraphTurn; // what the server sends
}

/** "Go on": a vote of the requester, which alone would run nothing here. */
const goOn = { resume: { decisions: [{ type: 'approve' }] } };

try {
  // 1. Ann asks for three payments, in three threads, and goes on at once with one. Nothing is paid.
  for (const amount of [100, 200, 900]) {
    const { questions } = await post(`thread-${amount}`, {
      prompt: `Pay ${amount} to DE${amount}`,
    });
    assert.equal(questions.length, 1);
  }
  const early = await post('thread-100', goOn);
  assert.equal(early.questions.length, 1, 'it still waits for finance');
  console.log(`asked for three payments, server ${server.pid} is killed`);
  await server.kill();

  // 2. While there is no server, Fay approves one, denies one and makes one smaller.
  const finance = financeIn(folder);
  const [one, two, three] = await finance.list();
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  await finance.answer('approve', one);
  await finance.answer('deny', two, '--note', 'paid last week');
  await finance.answer('edit', three, '--set', 'amount=150');
  assert.equal(payments(), '');

  // 3. Another server resumes the graphs, once: a second answer finds nothing to go on with.
  server = await start();
  assert.match((await post('thread-100', goOn)).text, /paid 100 to DE100/);
  assert.match((await post('thread-200', goOn)).text, /a person denied it.*paid last week/);
  assert.match((await post('thread-900', goOn)).text, /paid 150 to DE900/);
  await post('thread-100', goOn);
  assert.equal(payments(), '{"to":"DE100","amount":100}\n{"to":"DE900","amount":150}\n');
  console.log(`server ${server.pid}: ${payments().trim().replace('\n', ', ')}`);

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
