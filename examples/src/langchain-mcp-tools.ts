// Tools of an MCP server, through LangChain's own client, behind the guard. What a server says about
// its tools is a claim: it may add risk, and only the developer takes risk away.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { createGuard, standardPolicy, withGuard } from '@guardstile/langchain';
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { createAgent } from 'langchain';

import { scriptedChatModel } from './support/scripted-chat-model.ts';

// A person who is asked, and does not like it.
const asked: string[] = [];
const guard = createGuard({
  policy: standardPolicy(),
  approver: ({ tool, args }) => {
    asked.push(`${tool.name} of ${tool.source} with ${JSON.stringify(args)}`);
    return 'deny';
  },
});

// The server in a process of its own.
const program = fileURLToPath(new URL('support/notes-server.ts', import.meta.url));
const client = new MultiServerMCPClient({
  mcpServers: { notes: { transport: 'stdio', command: process.execPath, args: [program] } },
});
try {
  const tools = withGuard(await client.getTools('notes'), guard, {
    // Your own word for the server: rules and the log tell its tools from others of the same name.
    source: 'notes',
    // Both of its tools say that they only read. The developer has looked at one of them.
    facts: { readNote: 'readOnly' },
  });
  const agent = createAgent({
    model: scriptedChatModel([
      { tool: 'readNote', args: { name: 'shopping' } },
      { tool: 'tidyNotes', args: { name: 'passwords' } },
      { tool: 'readNote', args: { name: 'passwords' } },
      (results) => results.map(({ tool, text }) => `${tool}: ${text}`).join('\n'),
    ]),
    tools,
  });
  const { messages } = await agent.invoke({
    messages: [{ role: 'user', content: 'Read me my notes, and tidy up' }],
  });
  const text = messages.at(-1)?.text ?? '';
  console.log(text);

  // What only reads ran, what only claims to was asked about, and nothing was deleted.
  assert.match(text, /readNote: milk, bread/);
  assert.match(text, /tidyNotes: tidyNotes: a person denied it/);
  assert.match(text, /readNote: on paper, in the drawer/);
  assert.deepEqual(asked, ['tidyNotes of notes with {"name":"passwords"}']);
  const outcomes = (await guard.audit?.query({ kind: 'outcome' })) ?? [];
  assert.deepEqual(
    outcomes.map(({ source, tool, status }) => `${source} ${tool} ${status}`),
    ['notes readNote ok', 'notes readNote ok'],
  );
} finally {
  await client.close();
  await guard.close();
}
