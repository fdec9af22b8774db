// A model writes code, and it runs behind walls: checked first, then in QuickJS in a process of its own.
import assert from 'node:assert/strict';
import { standardPolicy, withGuard } from '@guardstile/ai-sdk';
import { codeSandbox } from '@guardstile/ai-sdk/sandbox';
import { generateText, isStepCount, tool } from 'ai';
import * as z from 'zod';

import { scriptedModel } from './support/scripted-model.ts';

const runCode = tool({
  description: 'Runs JavaScript and returns the value of its last expression. There is no network.',
  inputSchema: z.object({ code: z.string() }),
  // The sandbox runs the code instead; without it this tool does nothing.
  execute: (): Promise<unknown> => Promise.reject(new Error('there is no sandbox')),
});

// An application passes a model of its provider here.
const model = scriptedModel([
  { tool: 'runCode', args: { code: 'require("fs").readFileSync("/etc/passwd", "utf8")' } },
  { tool: 'runCode', args: { code: 'process.env.API_KEY' } },
  { tool: 'runCode', args: { code: 'for (const all = [];;) all.push(new Uint8Array(1e6))' } },
  { tool: 'runCode', args: { code: '[3, 1, 2].sort().map((n) => n * n)' } },
  (results) => `I was told:\n${results.map(({ text }) => `- ${text}`).join('\n')}`,
]);

// The policy decides whether code may run at all; what it can reach the sandbox says.
const sandbox = codeSandbox({ language: 'javascript', tools: ['runCode'], memoryMb: 64 });
const policy = standardPolicy({ mode: 'bypassPermissions' });
const tools = withGuard({ runCode }, policy, { sandbox });
const result = await generateText({
  model,
  tools,
  prompt: 'Sort and square 3, 1, 2.',
  stopWhen: isStepCount(10),
});

console.log(result.text);
const [forbidden, missing, hoarding, answer] = result.text.split('\n- ').slice(1);
assert.match(forbidden ?? '', /forbidden call: require\(\)/);
assert.match(missing ?? '', /ReferenceError/);
assert.match(hoarding ?? '', /out of memory/);
assert.match(answer ?? '', /"result":\[1,4,9\]/);
await sandbox.close?.();
