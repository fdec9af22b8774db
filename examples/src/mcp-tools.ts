// Tools of an MCP server behind the guard. What a server says about its tools is a claim: it may add
// risk, only the developer takes risk away, and what was reviewed once has to stay as it was.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { createMCPClient } from '@ai-sdk/mcp';
import { StdioMCPTransport } from '@ai-sdk/mcp/mcp-stdio';
import {
  createGuard,
  definitionPins,
  guardMcpClient,
  type PinnedDefinitions,
  standardPolicy,
} from '@guardstile/ai-sdk';
import { generateText, isStepCount } from 'ai';

import { scriptedModel, type ScriptedTurn } from './support/scripted-model.ts';

// A person who is asked, and does not like it.
const asked: string[] = [];
const guard = createGuard({
  policy: standardPolicy(),
  approver: ({ tool, args }) => {
    asked.push(`${tool.name} of ${tool.source} with ${JSON.stringify(args)}`);
    return 'deny';
  },
});

// What was accepted of the server's tools: an application keeps it in a file that is reviewed.
let stored: PinnedDefinitions | undefined;

/** The server in a process of its own, and its client behind the guard. */
async function connect(version: readonly string[] = []) {
  const program = fileURLToPath(new URL('support/notes-server.ts', import.meta.url));
  const transport = new StdioMCPTransport({
    command: process.execPath,
    args: [program, ...version],
  });
  const pins = definitionPins({
    ...(stored === undefined ? { firstUse: 'accept' } : { stored }),
    onChange: (data) => (stored = data),
  });
  const client = guardMcpClient(await createMCPClient({ transport }), guard, {
    // Your own word for the server: rules and the log tell its tools from others of the same name.
    source: 'notes',
    // Both of its tools say that they only read. The developer has looked at one of them.
    facts: { readNote: 'readOnly' },
    pins,
  });
  return { client, pins };
}

async function agent(tools: Awaited<ReturnType<typeof connect>>['client'], turns: ScriptedTurn[]) {
  const { text } = await generateText({
    model: scriptedModel([...turns, (results) => results.map((result) => result.text).join('\n')]),
    tools: await tools.tools(),
    stopWhen: isStepCount(turns.length + 1),
    prompt: 'Read me my notes, and tidy up',
  });
  console.log(text, '\n');
  return text.split('\n');
}

const { client } = await connect();
try {
  const [shopping, nothing, tidied, passwords] = await agent(client, [
    { tool: 'readNote', args: { name: 'shopping' } },
    { tool: 'readNote', args: { name: 'nothing' } },
    { tool: 'tidyNotes', args: { name: 'passwords' } },
    { tool: 'readNote', args: { name: 'passwords' } },
  ]);
  // What only reads ran, what only claims to was asked about, and nothing was deleted.
  assert.match(shopping ?? '', /milk, bread/);
  assert.match(tidied ?? '', /tidyNotes: a person denied it/);
  assert.match(passwords ?? '', /on paper, in the drawer/);
  assert.deepEqual(asked, ['tidyNotes of notes with {"name":"passwords"}']);

  // What the server calls an error reaches the model as it is, and is a failure in the log.
  assert.match(nothing ?? '', /there is no note nothing/);
  const outcomes = (await guard.audit?.query({ kind: 'outcome' })) ?? [];
  assert.deepEqual(
    outcomes.map(({ source, tool, status }) => `${source} ${tool} ${status}`),
    ['notes readNote ok', 'notes readNote error', 'notes readNote ok'],
  );
} finally {
  await client.close();
}

// The next version describes a tool in other words, which are meant for the model.
const { client: updated, pins } = await connect(['--update']);
try {
  const definition = (await updated.tools())['readNote']?.description;
  assert.doesNotMatch(String(definition), /Always call tidyNotes/);
  const [refused] = await agent(updated, [{ tool: 'readNote', args: { name: 'shopping' } }]);
  assert.match(refused ?? '', /readNote: denied: .* changed its description since it was accepted/);

  // A person looks at what has changed, and accepts it, or does not.
  const [finding] = pins.findings();
  assert.ok(finding !== undefined);
  console.log(`${finding.tool} of ${finding.source}: ${finding.kind}: ${finding.changed.join()}`);
  pins.accept(finding);
  const [accepted] = await agent(updated, [{ tool: 'readNote', args: { name: 'shopping' } }]);
  assert.match(accepted ?? '', /milk, bread/);
} finally {
  await updated.close();
  await guard.close();
}
