// A route handler asks for approval, its process is killed, the person approves, and another
// process runs the call: once. What was asked for is in a file, not in anybody's memory.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chat } from '@ai-sdk/react';
import { DefaultChatTransport, isToolUIPart, type UIMessage } from 'ai';

import { startServer } from './support/start-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'guardstile-restart-'));
const start = () => startServer(new URL('chat/server.ts', import.meta.url), [folder]);

let server = await start();
let lastBody = '';

/** What a browser does: the cookie says who it is, the body is whatever the page makes of it. */
function post(body: string, person: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    cookie: `session=demo-session-of-${person}`,
  };
  return fetch(`${server.url}/api/chat`, { method: 'POST', headers, body });
}

// The very client behind useChat(), without a page.
const chat = new Chat({
  id: 'chat-1',
  transport: new DefaultChatTransport({
    fetch: async (_, init) => {
      assert.ok(typeof init?.body === 'string');
      lastBody = init.body;
      return post(lastBody, 'ann');
    },
  }),
});

const toolPart = () => chat.lastMessage?.parts.filter(isToolUIPart).at(-1);
const refunds = () => readFileSync(join(folder, 'refunds.jsonl'), { encoding: 'utf8', flag: 'a+' });

try {
  // 1. The first process asks. Nothing runs.
  await chat.sendMessage({ text: 'Refund 20 for order 4711: arrived broken' });
  assert.equal(chat.error, undefined);
  const asked = toolPart();
  assert.ok(asked?.state === 'approval-requested');
  assert.equal(refunds(), '');
  console.log('asked:   ', asked.type, JSON.stringify(asked.input), 'by process', server.pid);

  // 2. It is killed, and with it all that it kept in memory.
  await server.kill();
  await assert.rejects(post(lastBody, 'ann'));
  server = await start();
  console.log('restart: ', 'process', server.pid);

  // 3. Ann approves. The second process finds what the first one asked for, and runs it.
  await chat.addToolApprovalResponse({ id: asked.approval.id, approved: true });
  await chat.sendMessage();
  assert.equal(chat.error, undefined);
  const once = '{"order":"4711","amount":20,"note":"arrived broken"}\n';
  assert.equal(refunds(), once);
  assert.equal(toolPart()?.state, 'output-available');
  console.log('resumed: ', textOf(chat.lastMessage));

  // 4. The same answer again, to this process and to the next one: it was used.
  const replay = lastBody;
  assert.match(await (await post(replay, 'ann')).text(), /the approval was used already/);
  await server.kill();
  server = await start();
  assert.match(await (await post(replay, 'ann')).text(), /the approval was used already/);

  // 5. A changed amount, somebody else's session, another conversation: never asked for.
  const never = /an approval was claimed that this guard never opened/;
  const changed = replay.replaceAll('"amount":20', '"amount":2000');
  assert.match(await (await post(changed, 'ann')).text(), never);
  assert.match(await (await post(replay, 'bob')).text(), never);
  const moved = replay.replace('"chat-1"', '"chat-2"');
  assert.match(await (await post(moved, 'ann')).text(), never);
  assert.equal(refunds(), once);
  console.log('replays:  refused, also after another restart; refunds:', refunds().trim());
} finally {
  await server.kill();
  rmSync(folder, { recursive: true });
}

function textOf(message: UIMessage | undefined): string {
  return message?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? '';
}
