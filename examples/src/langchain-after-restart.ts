// A graph asks, its process is killed, and another process gets the answer. Then two processes get it
// at the same moment: the refund is paid once. Checkpoints and approvals are files; LangGraph alone
// would run the call in both.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type AgentProcess, startAgent } from './langchain/start-agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'guardstile-langgraph-'));
const refunds = () =>
  readFileSync(join(folder, 'refunds.jsonl'), { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .filter((line) => line !== '');

const approve = { decisions: [{ type: 'approve' }] };
const reject = { decisions: [{ type: 'reject', message: 'call the customer first' }] };

const program = new URL('langchain/agent-process.ts', import.meta.url);
const start = () => startAgent(program, [folder]);

/** Ann says something, and the graph stops at a question. Nothing has run. */
async function ask(agent: AgentProcess, thread: string, prompt: string): Promise<void> {
  const before = refunds();
  const { questions } = await agent.send({ thread, user: 'ann', prompt });
  assert.equal(questions.length, 1);
  assert.deepEqual(refunds(), before);
  console.log('asked:   ', thread, JSON.stringify(questions[0]?.args), 'by process', agent.pid);
}

try {
  // 1. Killed while it waits; the answer goes to another process, which finds what was asked.
  const first = await start();
  await ask(first, 'chat-1', 'Refund 20 for order 4711');
  await first.kill();
  const [second, third] = await Promise.all([start(), start()]);
  const { text } = await second.send({ thread: 'chat-1', user: 'ann', resume: approve });
  console.log('resumed: ', text, 'by process', second.pid);
  assert.deepEqual(refunds(), ['{"order":"4711","amount":20}']);

  // 2. Two processes get one answer at the same moment: one of them pays, at most.
  await ask(second, 'chat-2', 'Refund 30 for order 4712');
  const both = [second, third].map((agent) =>
    agent.send({ thread: 'chat-2', user: 'ann', resume: approve }),
  );
  console.log('raced:   ', (await Promise.all(both)).map((turn) => turn.text).join(' | '));
  assert.deepEqual(refunds().slice(1), ['{"order":"4712","amount":30}']);

  // 3. A rejection: the model reads what the person said.
  await ask(second, 'chat-3', 'Refund 4000 for order 4713');
  await second.kill();
  const rejected = await third.send({ thread: 'chat-3', user: 'ann', resume: reject });
  console.log('rejected:', rejected.text);
  assert.match(rejected.text, /a person denied it.*call the customer first/);

  // 4. Somebody else's answer, and one to a conversation that is over: neither pays anything.
  await ask(third, 'chat-4', 'Refund 50 for order 4714');
  const taken = await third.send({ thread: 'chat-4', user: 'bob', resume: approve });
  assert.equal(taken.questions.length, 1, 'he is asked himself');
  await third.send({ thread: 'chat-1', user: 'ann', resume: approve });
  assert.equal(refunds().length, 2);
  console.log('paid:    ', refunds().join(' '));
  await third.kill();
} finally {
  rmSync(folder, { recursive: true });
}
