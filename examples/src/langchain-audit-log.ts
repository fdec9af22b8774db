// The log on disk survives a kill: a LangChain agent's process ends in the middle of a payment, and the
// next one goes on with its log, which says what nobody knows. `node langchain-audit-log.ts FOLDER`
// keeps the files to be looked at.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allowAll, createGuard, withGuard } from '@guardstile/langchain';
import { createAuditKeys, fileAnchor, fileAudit, verifyLog } from '@guardstile/langchain/node';
import { createAgent, tool } from 'langchain';
import * as z from 'zod';

import { scriptedChatModel } from './support/scripted-chat-model.ts';

type Keys = ReturnType<typeof createAuditKeys>;

const [, program = '', kept, role] = process.argv;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'guardstile-audit-'));
const path = join(folder, 'audit');

/** An agent whose log is at `path`, and which pays once. */
async function work(keys: Keys, pay: () => string): Promise<string> {
  const audit = fileAudit(path, { ...keys, anchors: [fileAnchor(join(folder, 'anchor'))] });
  const guard = createGuard({ policy: allowAll(), audit, context: { principal: { id: 'ann' } } });
  const payment = tool(pay, {
    name: 'pay',
    description: 'Pays a bill',
    schema: z.object({ bill: z.string() }),
  });
  const model = scriptedChatModel([{ tool: 'pay', args: { bill: 'b1' } }, 'Paid.']);
  const agent = createAgent({ model, tools: withGuard([payment], guard) });
  await agent.invoke({ messages: [{ role: 'user', content: 'Pay b1' }] });
  await guard.close();
  return audit.id;
}

if (role === 'killed') {
  // The process that does not come to its end: power cut, out of memory, `kill -9`.
  const killed = (): string => {
    process.kill(process.pid, 'SIGKILL');
    return 'never';
  };
  await work(JSON.parse(readFileSync(0, 'utf8')) as Keys, killed);
}

const keys = createAuditKeys();
const child = spawnSync(process.execPath, [program, folder, 'killed'], {
  input: JSON.stringify(keys), // where `ps` does not show them
});
assert.equal(child.signal, 'SIGKILL', child.stderr.toString());

const log = await work(keys, () => 'paid');
writeFileSync(join(folder, 'public-key'), keys.publicKey);
const actions = readFileSync(join(path, '0000000000000000.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => (JSON.parse(line) as { e: { action: string } }).e.action);
console.log(actions.join(', '));
assert.deepEqual(actions, [
  'log.opened',
  'tool.allow', // nobody knows whether it was paid: it is not run again by itself
  'log.reopened',
  'tool.allow',
  'tool.outcome',
  'log.closed',
]);

const checkpoints = [readFileSync(join(folder, 'anchor', `${log}.checkpoint`), 'utf8')];
const report = verifyLog(path, { publicKey: keys.publicKey, checkpoints });
console.log(report.outcome, report.entries, 'entries; unknown:', report.unknown.length);
assert.equal(report.outcome, 'verified');
assert.equal(report.unknown.length, 1);

if (kept === undefined) rmSync(folder, { recursive: true });
