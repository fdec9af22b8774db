import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { type AgentProcess, startAgent } from '../../examples/src/langchain/start-agent.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { approve, edit, reject } from './agents.ts';

const PROGRAM = new URL('../../examples/src/langchain/agent-process.ts', import.meta.url);

async function startIn(folder: string): Promise<AgentProcess> {
  const agent = await startAgent(PROGRAM, [folder]);
  onTestFinished(() => agent.kill());
  return agent;
}

it('processes over two files run once what one of them asked about, whatever the others are told', async () => {
  const folder = temporaryDirectory();
  const refunds = () =>
    readFileSync(join(folder, 'refunds.jsonl'), { encoding: 'utf8', flag: 'a+' });
  const [first, second, third] = await Promise.all([
    startIn(folder),
    startIn(folder),
    startIn(folder),
  ]);
  const ann = { user: 'ann', thread: 'chat-1' };
  for (const thread of ['chat-1', 'chat-2']) {
    await first.send({ ...ann, thread, prompt: 'Refund 20 for order 4711' });
  }
  await first.kill();

  // An edit, which no rule allows here, and an answer to a thread that asked nothing.
  await second.send({ ...ann, thread: 'chat-2', resume: edit('refund', '4000') });
  await third.send({ ...ann, thread: 'chat-3', resume: approve });
  // Somebody else is asked himself, and his no is his own.
  const other = await third.send({ ...ann, user: 'bob', resume: approve });
  expect(other.questions).toHaveLength(1);
  await third.send({ ...ann, user: 'bob', resume: reject });
  expect(refunds()).toBe('');

  await second.send({ ...ann, thread: 'chat-4', prompt: 'Refund 30 for order 4712' });
  await Promise.all(
    [second, third].map((agent) => agent.send({ ...ann, thread: 'chat-4', resume: approve })),
  );
  for (const agent of [second, third]) {
    await agent.send({ ...ann, thread: 'chat-4', resume: approve });
  }
  expect(refunds()).toBe('{"order":"4712","amount":30}\n');
});
