// The log on disk: what an AI SDK agent did, provable to somebody who has neither the log's secret keys
// nor the word of whoever wrote it. `node audit-log.ts FOLDER` keeps the files to be looked at.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard, standardPolicy, withGuard } from '@guardstile/ai-sdk';
import { createAuditKeys, fileAnchor, fileAudit, verifyLog } from '@guardstile/ai-sdk/node';
import { generateText, isStepCount, tool } from 'ai';
import * as z from 'zod';

import { scriptedModel } from './support/scripted-model.ts';

const [, , kept] = process.argv;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'guardstile-audit-'));
const path = join(folder, 'audit');

// An application makes keys once (`guardstile audit keygen`), gets the secret ones from its vault, and
// anchors checkpoints where whoever can write the log cannot.
const { publicKey, ...secret } = createAuditKeys('example.com/support');
const anchor = fileAnchor(join(folder, 'anchor'));
const audit = fileAudit(path, { ...secret, name: 'example.com/support', anchors: [anchor] });
const guard = createGuard({
  policy: standardPolicy({ deny: ['refund'] }),
  audit,
  context: { principal: { id: 'ann' } },
});

const tools = withGuard(
  {
    lookUp: tool({
      inputSchema: z.object({ order: z.string() }),
      execute: ({ order }) => ({ order, status: 'delivered' }),
    }),
    refund: tool({
      inputSchema: z.object({ order: z.string() }),
      execute: () => 'refunded',
    }),
  },
  guard,
  { facts: { lookUp: 'readOnly' } },
);
await generateText({
  model: scriptedModel([
    { tool: 'lookUp', args: { order: '4711' } },
    { tool: 'refund', args: { order: '4711' } },
    'I may not refund it.',
  ]),
  tools,
  stopWhen: isStepCount(5),
  prompt: 'Refund 4711',
});
await guard.close(); // the last checkpoint is signed and anchored
writeFileSync(join(folder, 'public-key'), publicKey);

// A third party has a copy of the log, the public key, and the checkpoint from where it is anchored.
const checkpoints = [readFileSync(join(folder, 'anchor', `${audit.id}.checkpoint`), 'utf8')];
const report = verifyLog(path, { publicKey, checkpoints });
console.log(report.outcome, report.entries, 'entries');
assert.equal(report.outcome, 'verified');

// Somebody makes the denied refund look like an allowed one.
const copy = mkdtempSync(join(tmpdir(), 'guardstile-forged-'));
cpSync(path, copy, { recursive: true });
const segment = join(copy, '0000000000000000.jsonl');
writeFileSync(segment, readFileSync(segment, 'utf8').replace('tool.deny', 'tool.allow'));
const forged = verifyLog(copy, { publicKey, checkpoints });
console.log(forged.outcome, forged.fault);
assert.equal(forged.outcome, 'tampered');

rmSync(copy, { recursive: true });
if (kept === undefined) rmSync(folder, { recursive: true });
